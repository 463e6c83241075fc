"""The schema, as named migrations that are only ever appended to.

`team_id` leads every key that belongs to a workspace. Papers, their listings and upstream upvotes are
facts about the world, the same for every workspace, and carry none.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from storage.errors import StoreError

migrations = Migrations("papers-bot")


@migrations()
def m001_papers(db: Database) -> None:
    # `number` gives full-text search a row id that survives VACUUM.
    db.execute("""
        CREATE TABLE papers (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
            abstract TEXT NOT NULL, summary TEXT NOT NULL, authors TEXT NOT NULL, categories TEXT NOT NULL,
            keywords TEXT NOT NULL, published TEXT, updated TEXT, withdrawn TEXT, comment TEXT NOT NULL,
            organization TEXT NOT NULL, code_url TEXT NOT NULL, code_stars INTEGER, project_url TEXT NOT NULL,
            upvotes INTEGER, first_seen_at TEXT NOT NULL
        ) STRICT""")
    db.table("papers").enable_fts(
        ["title", "authors", "abstract", "summary", "keywords"],
        create_triggers=True,
        tokenize="porter unicode61 remove_diacritics 2",
    )
    db.execute("""
        CREATE TABLE upvotes (
            paper_id TEXT NOT NULL REFERENCES papers (id), read_at TEXT NOT NULL, upvotes INTEGER NOT NULL,
            PRIMARY KEY (paper_id, read_at)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE listings (
            source TEXT NOT NULL, day TEXT NOT NULL, paper_id TEXT NOT NULL REFERENCES papers (id),
            position INTEGER NOT NULL, PRIMARY KEY (source, day, paper_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX listings_of_day ON listings (day, paper_id)")
    db.execute("CREATE INDEX listings_of_paper ON listings (paper_id, day)")
    db.execute("""
        CREATE TABLE readings (
            source TEXT NOT NULL, day TEXT NOT NULL, read_at TEXT NOT NULL, papers INTEGER NOT NULL,
            skipped INTEGER NOT NULL, error TEXT NOT NULL, PRIMARY KEY (source, day)
        ) STRICT, WITHOUT ROWID""")


@migrations()
def m002_channels(db: Database) -> None:
    db.execute("""
        CREATE TABLE subscriptions (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, post_at TEXT NOT NULL, timezone TEXT NOT NULL,
            top INTEGER NOT NULL, created_by TEXT NOT NULL, active INTEGER NOT NULL,
            PRIMARY KEY (team_id, channel_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE editions (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, day TEXT NOT NULL, listed_day TEXT NOT NULL,
            first_day TEXT, announced_day TEXT, planned_at TEXT NOT NULL, top INTEGER NOT NULL, listed TEXT NOT NULL,
            left_out INTEGER NOT NULL,
            PRIMARY KEY (team_id, channel_id, day)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE posts (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, day TEXT NOT NULL, position INTEGER NOT NULL,
            kind TEXT NOT NULL, paper_id TEXT NOT NULL, state TEXT NOT NULL, ts TEXT NOT NULL,
            reason TEXT NOT NULL, drawn TEXT NOT NULL, seeded INTEGER NOT NULL, claimed_at TEXT,
            PRIMARY KEY (team_id, channel_id, day, position),
            FOREIGN KEY (team_id, channel_id, day) REFERENCES editions (team_id, channel_id, day)
        ) STRICT, WITHOUT ROWID""")
    # The promise "a paper is posted once per channel", held by the database itself.
    db.execute(
        "CREATE UNIQUE INDEX one_post_per_paper ON posts (team_id, channel_id, paper_id) WHERE paper_id != ''"
    )
    db.execute("CREATE INDEX posts_of_paper ON posts (team_id, paper_id) WHERE paper_id != ''")
    db.execute("CREATE UNIQUE INDEX one_post_per_message ON posts (team_id, channel_id, ts) WHERE ts != ''")
    # What every tick asks for.
    db.execute("CREATE INDEX posts_in_flight ON posts (team_id, state) WHERE state IN ('planned', 'sending')")
    db.execute("CREATE INDEX posts_unseeded ON posts (team_id, seeded, state) WHERE seeded = 0")


@migrations()
def m003_votes(db: Database) -> None:
    # A removed reaction stays as a row with present = 0, so that a late delivery of its addition,
    # with an older event_ts, can't bring it back.
    db.execute("""
        CREATE TABLE reactions (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, ts TEXT NOT NULL, user_id TEXT NOT NULL,
            emoji TEXT NOT NULL, present INTEGER NOT NULL, event_ts REAL NOT NULL,
            PRIMARY KEY (team_id, channel_id, ts, user_id, emoji)
        ) STRICT, WITHOUT ROWID""")
    # Every press of a button is a row, so that one delivered twice is known again. `value` is what the
    # press said when it came, 1 for an upvote and 0 for taking it back; the newest counts.
    db.execute("""
        CREATE TABLE clicks (
            team_id TEXT NOT NULL, paper_id TEXT NOT NULL, user_id TEXT NOT NULL, click_id TEXT NOT NULL,
            clicked_at REAL NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (team_id, paper_id, user_id, click_id)
        ) STRICT, WITHOUT ROWID""")


@migrations()
def m004_search(db: Database) -> None:
    # An engine of its own searches now; beside a million abstracts the old index was most of the file.
    db.table("papers").disable_fts()
    # Counts up with every transaction that changes a paper, so that whoever derives something from the papers
    # knows what is new to it. Which file that counts in is `corpus`: a copy that went its own way is another one.
    db.execute("ALTER TABLE papers ADD COLUMN changed INTEGER NOT NULL DEFAULT 1")
    db.execute("CREATE INDEX papers_by_change ON papers (changed, number)")
    db.execute("CREATE TABLE corpus (id TEXT NOT NULL) STRICT")
    db.execute("INSERT INTO corpus VALUES (lower(hex(randomblob(16))))")
    db.execute("""
        CREATE TABLE vectors (
            number INTEGER NOT NULL REFERENCES papers (number), model TEXT NOT NULL, vector BLOB NOT NULL,
            PRIMARY KEY (number, model)
        ) STRICT, WITHOUT ROWID""")
    # A vector says what the words said when it was made.
    db.execute("""
        CREATE TRIGGER vector_of_other_words AFTER UPDATE OF title, abstract ON papers
        WHEN old.title != new.title OR old.abstract != new.abstract
        BEGIN DELETE FROM vectors WHERE number = new.number; END""")


@migrations()
def m005_saves_and_shares(db: Database) -> None:
    # A paper that is no longer saved stays as a row with saved = 0, so that an older press which comes late
    # can't bring it back.
    db.execute("""
        CREATE TABLE saves (
            team_id TEXT NOT NULL, user_id TEXT NOT NULL, paper_id TEXT NOT NULL REFERENCES papers (id),
            saved INTEGER NOT NULL, pressed_at REAL NOT NULL, PRIMARY KEY (team_id, user_id, paper_id)
        ) STRICT, WITHOUT ROWID""")
    # A share is a post without a day. Where a key has a NULL, SQLite looks for no edition, and finds no two alike:
    # what is asked of editions never meets a share. A primary key can't have one, so the table is made anew.
    db.execute("""
        CREATE TABLE posts_and_shares (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, day TEXT, position INTEGER NOT NULL,
            kind TEXT NOT NULL, planned_at TEXT NOT NULL, paper_id TEXT NOT NULL, shared_by TEXT NOT NULL,
            state TEXT NOT NULL, ts TEXT NOT NULL, reason TEXT NOT NULL, drawn TEXT NOT NULL,
            seeded INTEGER NOT NULL, claimed_at TEXT,
            UNIQUE (team_id, channel_id, day, position),
            FOREIGN KEY (team_id, channel_id, day) REFERENCES editions (team_id, channel_id, day)
        ) STRICT""")
    db.execute("""
        INSERT INTO posts_and_shares
        SELECT team_id, channel_id, day, position, kind, planned_at, paper_id, '', state, ts, reason, drawn,
            seeded, claimed_at
        FROM posts JOIN editions USING (team_id, channel_id, day)""")
    db.execute("DROP TABLE posts")
    db.execute("ALTER TABLE posts_and_shares RENAME TO posts")
    db.execute(
        "CREATE UNIQUE INDEX one_post_per_paper ON posts (team_id, channel_id, paper_id) WHERE paper_id != ''"
    )
    db.execute("CREATE INDEX posts_of_paper ON posts (team_id, paper_id) WHERE paper_id != ''")
    db.execute("CREATE UNIQUE INDEX one_post_per_message ON posts (team_id, channel_id, ts) WHERE ts != ''")
    db.execute("CREATE INDEX posts_in_flight ON posts (team_id, state) WHERE state IN ('planned', 'sending')")
    db.execute("CREATE INDEX posts_unseeded ON posts (team_id, seeded, state) WHERE seeded = 0")


@migrations()
def m006_harvests(db: Database) -> None:
    db.execute("""
        CREATE TABLE harvests (
            category TEXT NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL, PRIMARY KEY (category, first)
        ) STRICT, WITHOUT ROWID""")


@migrations()
def m007_taste(db: Database) -> None:
    # An empty user is the whole channel, to which an edition is shown.
    db.execute("""
        CREATE TABLE exposures (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, user_id TEXT NOT NULL, day TEXT NOT NULL,
            paper_id TEXT NOT NULL REFERENCES papers (id), position INTEGER NOT NULL, shown_at TEXT NOT NULL,
            ranking TEXT NOT NULL, role TEXT NOT NULL, team TEXT NOT NULL, upvotes INTEGER, parts TEXT NOT NULL,
            PRIMARY KEY (team_id, user_id, channel_id, day, paper_id)
        ) STRICT, WITHOUT ROWID""")
    # What is taken back stays with attitude 0, as in `saves`.
    db.execute("""
        CREATE TABLE interests (
            team_id TEXT NOT NULL, owner_id TEXT NOT NULL, subject TEXT NOT NULL, value TEXT NOT NULL,
            attitude INTEGER NOT NULL, stated_at REAL NOT NULL, PRIMARY KEY (team_id, owner_id, subject, value)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE learning (
            team_id TEXT NOT NULL, owner_id TEXT NOT NULL, active INTEGER NOT NULL, since REAL NOT NULL,
            PRIMARY KEY (team_id, owner_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE openings (
            team_id TEXT NOT NULL, user_id TEXT NOT NULL, paper_id TEXT NOT NULL REFERENCES papers (id),
            opened_at REAL NOT NULL, PRIMARY KEY (team_id, user_id, paper_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("ALTER TABLE clicks ADD COLUMN channel_id TEXT NOT NULL DEFAULT ''")
    # What a person or a channel did, whatever the paper.
    db.execute("CREATE INDEX clicks_of_person ON clicks (team_id, user_id)")
    db.execute("CREATE INDEX clicks_in_channel ON clicks (team_id, channel_id)")
    db.execute("CREATE INDEX reactions_of_person ON reactions (team_id, user_id)")


@migrations()
def m008_reads(db: Database) -> None:
    # Up to when a message's reactions are known from Slack itself: an event from before then has nothing to add,
    # however late it comes.
    db.execute("""
        CREATE TABLE reads (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, ts TEXT NOT NULL, read_at REAL NOT NULL,
            PRIMARY KEY (team_id, channel_id, ts)
        ) STRICT, WITHOUT ROWID""")


@migrations()
def m009_troubles(db: Database) -> None:
    # Channels that refuse the bot now, and whether whoever subscribed them was told.
    db.execute("""
        CREATE TABLE troubles (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, code TEXT NOT NULL, since TEXT NOT NULL,
            told INTEGER NOT NULL, PRIMARY KEY (team_id, channel_id)
        ) STRICT, WITHOUT ROWID""")


@migrations()
def m010_empty_days(db: Database) -> None:
    # Since when a source fails for a day: the last attempt alone does not tell.
    db.execute("ALTER TABLE readings ADD COLUMN failing_since TEXT")
    db.execute("UPDATE readings SET failing_since = read_at WHERE error != ''")
    db.execute("ALTER TABLE editions ADD COLUMN missed TEXT NOT NULL DEFAULT '{}'")
    db.execute("ALTER TABLE editions ADD COLUMN why TEXT NOT NULL DEFAULT ''")


@migrations()
def m011_health(db: Database) -> None:
    db.execute("""
        CREATE TABLE health (
            source TEXT NOT NULL, service TEXT NOT NULL, read_at TEXT, failing_since TEXT, error TEXT NOT NULL,
            ask_at TEXT, told INTEGER NOT NULL, PRIMARY KEY (source, service)
        ) STRICT, WITHOUT ROWID""")


@migrations()
def m012_series(db: Database) -> None:
    # A channel can have more than one series of posts a day; the daily edition's name is empty. Keys can't be changed,
    # so the tables are made anew, what refers to another first to go.
    db.execute("""
        CREATE TABLE editions_of_series (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, day TEXT NOT NULL, series TEXT NOT NULL DEFAULT '',
            listed_day TEXT NOT NULL, first_day TEXT, announced_day TEXT, planned_at TEXT NOT NULL,
            top INTEGER NOT NULL, listed TEXT NOT NULL, left_out INTEGER NOT NULL,
            missed TEXT NOT NULL DEFAULT '{}', why TEXT NOT NULL DEFAULT '', about TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (team_id, channel_id, day, series)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        INSERT INTO editions_of_series
        SELECT team_id, channel_id, day, '', listed_day, first_day, announced_day, planned_at, top, listed, left_out,
            missed, why, ''
        FROM editions""")
    db.execute("""
        CREATE TABLE posts_of_series (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, day TEXT, series TEXT NOT NULL DEFAULT '',
            position INTEGER NOT NULL, kind TEXT NOT NULL, planned_at TEXT NOT NULL, paper_id TEXT NOT NULL,
            shared_by TEXT NOT NULL, state TEXT NOT NULL, ts TEXT NOT NULL, reason TEXT NOT NULL, drawn TEXT NOT NULL,
            seeded INTEGER NOT NULL, claimed_at TEXT,
            UNIQUE (team_id, channel_id, day, series, position),
            FOREIGN KEY (team_id, channel_id, day, series)
                REFERENCES editions_of_series (team_id, channel_id, day, series)
        ) STRICT""")
    db.execute("""
        INSERT INTO posts_of_series
        SELECT team_id, channel_id, day, '', position, kind, planned_at, paper_id, shared_by, state, ts, reason, drawn,
            seeded, claimed_at
        FROM posts""")
    db.execute("""
        CREATE TABLE exposures_of_series (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, user_id TEXT NOT NULL, day TEXT NOT NULL,
            series TEXT NOT NULL DEFAULT '', paper_id TEXT NOT NULL REFERENCES papers (id),
            position INTEGER NOT NULL, shown_at TEXT NOT NULL, ranking TEXT NOT NULL, role TEXT NOT NULL,
            team TEXT NOT NULL, upvotes INTEGER, parts TEXT NOT NULL,
            PRIMARY KEY (team_id, user_id, channel_id, day, series, paper_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        INSERT INTO exposures_of_series
        SELECT team_id, channel_id, user_id, day, '', paper_id, position, shown_at, ranking, role, team, upvotes, parts
        FROM exposures""")
    for table in ("posts", "editions", "exposures"):
        db.execute(f"DROP TABLE {table}")
        db.execute(f"ALTER TABLE {table}_of_series RENAME TO {table}")
    db.execute(
        "CREATE UNIQUE INDEX one_post_per_paper ON posts (team_id, channel_id, paper_id) WHERE paper_id != ''"
    )
    db.execute("CREATE INDEX posts_of_paper ON posts (team_id, paper_id) WHERE paper_id != ''")
    db.execute("CREATE UNIQUE INDEX one_post_per_message ON posts (team_id, channel_id, ts) WHERE ts != ''")
    db.execute("CREATE INDEX posts_in_flight ON posts (team_id, state) WHERE state IN ('planned', 'sending')")
    db.execute("CREATE INDEX posts_unseeded ON posts (team_id, seeded, state) WHERE seeded = 0")
    _topics(db)


def _topics(db: Database) -> None:
    db.execute("""
        CREATE TABLE topics (
            team_id TEXT NOT NULL, id TEXT NOT NULL, channel_id TEXT NOT NULL, user_id TEXT NOT NULL,
            typed TEXT NOT NULL, sources TEXT NOT NULL, categories TEXT NOT NULL, post_at TEXT NOT NULL,
            timezone TEXT NOT NULL, weekdays TEXT NOT NULL, top INTEGER NOT NULL, minimum INTEGER NOT NULL,
            mode TEXT NOT NULL, active INTEGER NOT NULL, deleted INTEGER NOT NULL, created_at TEXT NOT NULL,
            PRIMARY KEY (team_id, id)
        ) STRICT, WITHOUT ROWID""")
    # A list shows the votes on its papers.
    db.execute("CREATE INDEX posts_of_lists ON posts (team_id, planned_at) WHERE kind = 'list'")
    db.execute("ALTER TABLE subscriptions ADD COLUMN weekdays TEXT NOT NULL DEFAULT '[0, 1, 2, 3, 4, 5, 6]'")
    db.execute("ALTER TABLE subscriptions ADD COLUMN sources TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE subscriptions ADD COLUMN minimum INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE subscriptions ADD COLUMN mode TEXT NOT NULL DEFAULT 'messages'")


@migrations()
def m013_home(db: Database) -> None:
    # `since` is when the visit before this one ended: what came later is new to that person.
    db.execute("""
        CREATE TABLE visits (
            team_id TEXT NOT NULL, user_id TEXT NOT NULL, since REAL NOT NULL, seen_at REAL NOT NULL,
            PRIMARY KEY (team_id, user_id)
        ) STRICT, WITHOUT ROWID""")
    # A person is greeted in their direct messages (their channel is empty here), a channel without a person.
    db.execute("""
        CREATE TABLE greetings (
            team_id TEXT NOT NULL, user_id TEXT NOT NULL, channel_id TEXT NOT NULL, sent INTEGER NOT NULL,
            began_at TEXT NOT NULL, claimed_at TEXT NOT NULL, PRIMARY KEY (team_id, user_id, channel_id)
        ) STRICT, WITHOUT ROWID""")
    # Beside `openings`, from which the ranking learns: that somebody ticks a paper off says nothing of liking it.
    db.execute("""
        CREATE TABLE read_marks (
            team_id TEXT NOT NULL, user_id TEXT NOT NULL, paper_id TEXT NOT NULL REFERENCES papers (id),
            read INTEGER NOT NULL, marked_at REAL NOT NULL, PRIMARY KEY (team_id, user_id, paper_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE reading_settings (
            team_id TEXT NOT NULL, user_id TEXT NOT NULL, hide_read INTEGER NOT NULL,
            PRIMARY KEY (team_id, user_id)
        ) STRICT, WITHOUT ROWID""")
    # `before` is what an undo brings back. A note that was taken away stays, empty, as in `saves`.
    db.execute("""
        CREATE TABLE private_notes (
            team_id TEXT NOT NULL, user_id TEXT NOT NULL, paper_id TEXT NOT NULL REFERENCES papers (id),
            text TEXT NOT NULL, before TEXT NOT NULL, written_at REAL NOT NULL,
            PRIMARY KEY (team_id, user_id, paper_id)
        ) STRICT, WITHOUT ROWID""")


@migrations()
def m014_mail(db: Database) -> None:
    db.execute("""
        CREATE TABLE mail_wishes (
            team_id TEXT NOT NULL, user_id TEXT NOT NULL, rhythm TEXT NOT NULL, since TEXT NOT NULL,
            address TEXT NOT NULL, confirmed INTEGER NOT NULL, timezone TEXT NOT NULL, paused TEXT NOT NULL,
            PRIMARY KEY (team_id, user_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE mail_codes (
            team_id TEXT NOT NULL, user_id TEXT NOT NULL, address TEXT NOT NULL, rhythm TEXT NOT NULL,
            digest TEXT NOT NULL, sent_at TEXT NOT NULL, tries INTEGER NOT NULL,
            PRIMARY KEY (team_id, user_id, sent_at)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE picks (
            team_id TEXT NOT NULL, user_id TEXT NOT NULL, rhythm TEXT NOT NULL, day TEXT NOT NULL,
            picked_at TEXT NOT NULL, papers TEXT NOT NULL, passed TEXT NOT NULL, announced_day TEXT,
            PRIMARY KEY (team_id, user_id, rhythm, day)
        ) STRICT, WITHOUT ROWID""")
    # One mail a day, whatever rhythm was changed to.
    db.execute("""
        CREATE TABLE mails (
            team_id TEXT NOT NULL, user_id TEXT NOT NULL, day TEXT NOT NULL, rhythm TEXT NOT NULL,
            address TEXT NOT NULL, planned_at TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
            attempts INTEGER NOT NULL, claimed_at TEXT, handed_at TEXT, try_at TEXT,
            PRIMARY KEY (team_id, user_id, day)
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX mails_open ON mails (team_id, state) WHERE state IN ('planned', 'sending')")
    db.execute("""
        CREATE TABLE links (
            team_id TEXT NOT NULL, kind TEXT NOT NULL, owner_id TEXT NOT NULL, token TEXT NOT NULL,
            digest TEXT NOT NULL UNIQUE, made_at TEXT NOT NULL, title TEXT NOT NULL,
            PRIMARY KEY (team_id, kind, owner_id)
        ) STRICT, WITHOUT ROWID""")


@migrations()
def m015_links(db: Database) -> None:
    db.execute("""
        CREATE TABLE pasted_links (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, ts TEXT NOT NULL, paper_id TEXT NOT NULL,
            thread_ts TEXT NOT NULL, url TEXT NOT NULL, alone INTEGER NOT NULL, drawn TEXT NOT NULL,
            gone INTEGER NOT NULL, PRIMARY KEY (team_id, channel_id, ts, paper_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX pasted_links_of_paper ON pasted_links (team_id, paper_id)")
    db.execute("CREATE INDEX saves_of_paper ON saves (team_id, paper_id) WHERE saved")
    # No reference to papers: what is submitted may have to be asked for at the sources first.
    db.execute("""
        CREATE TABLE submissions (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, paper_id TEXT NOT NULL, user_id TEXT NOT NULL,
            submitted_at REAL NOT NULL, submitted INTEGER NOT NULL,
            PRIMARY KEY (team_id, channel_id, paper_id, user_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE discussions (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, ts TEXT NOT NULL, paper_id TEXT NOT NULL,
            claimed_at TEXT NOT NULL, opening_ts TEXT NOT NULL,
            PRIMARY KEY (team_id, channel_id, ts, paper_id)
        ) STRICT, WITHOUT ROWID""")
    # Messages to the bot that are being answered, or were: Slack delivers them again for hours.
    db.execute("""
        CREATE TABLE heard (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, ts TEXT NOT NULL, heard_at TEXT NOT NULL,
            PRIMARY KEY (team_id, channel_id, ts)
        ) STRICT, WITHOUT ROWID""")


@migrations()
def m016_privacy(db: Database) -> None:
    # Whoever was forgotten, by a salted hash: their reactions of before are still in Slack.
    db.execute("""
        CREATE TABLE forgotten (
            team_id TEXT NOT NULL, salt BLOB NOT NULL, digest BLOB NOT NULL, at REAL NOT NULL,
            PRIMARY KEY (team_id, digest)
        ) STRICT, WITHOUT ROWID""")


@migrations()
def m017_weekly(db: Database) -> None:
    # Where people have chosen another hour than the settings', or none.
    db.execute("""
        CREATE TABLE weekly (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, hour TEXT NOT NULL, PRIMARY KEY (team_id, channel_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE reading_groups (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, hour TEXT NOT NULL, timezone TEXT NOT NULL,
            papers INTEGER NOT NULL, active INTEGER NOT NULL, skipped TEXT, PRIMARY KEY (team_id, channel_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE rota (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, user_id TEXT NOT NULL, place INTEGER NOT NULL,
            PRIMARY KEY (team_id, channel_id, user_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE presentations (
            team_id TEXT NOT NULL, channel_id TEXT NOT NULL, day TEXT NOT NULL, position INTEGER NOT NULL,
            paper_id TEXT NOT NULL REFERENCES papers (id), user_id TEXT NOT NULL,
            PRIMARY KEY (team_id, channel_id, day, position)
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX presentations_of_paper ON presentations (team_id, paper_id)")
    db.execute("""
        CREATE TABLE notes (
            team_id TEXT NOT NULL, note_id TEXT NOT NULL, channel_id TEXT NOT NULL, thread_ts TEXT NOT NULL,
            ts TEXT NOT NULL, paper_id TEXT NOT NULL REFERENCES papers (id), user_id TEXT NOT NULL, text TEXT NOT NULL,
            noted_at REAL NOT NULL, kept INTEGER NOT NULL, PRIMARY KEY (team_id, note_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX notes_of_paper ON notes (team_id, paper_id)")


# Read before anything is applied: the names this version of the code knows.
KNOWN = frozenset(migration.name for migration in migrations.pending(Database(memory=True)))


def check(db: Database, path: str) -> None:
    """Look whether the database is ours, and not newer than the code; change nothing.

    Raises StoreError when a newer papers-bot or another program has written it.
    """
    # In one look: between two, another process may have made all the tables of a new file.
    db.conn.execute("BEGIN")
    try:
        applied = {migration.name for migration in migrations.applied(db)}
        tables = set(db.table_names())
    finally:
        db.conn.rollback()
    if not applied and tables - {migrations.migrations_table}:
        raise StoreError(f"{path} belongs to another program. Choose another file with PAPERS_DATABASE.")
    if newer := applied - KNOWN:
        raise StoreError(
            f"{path} was written by a newer papers-bot (it has {', '.join(sorted(newer))}). "
            "Upgrade papers-bot, or choose another file with PAPERS_DATABASE."
        )


def migrate(db: Database) -> None:
    """Bring the database up to date, wholly or not at all."""
    if migrations.pending(db):
        # The write lock first: of two processes that open a new file at once, the later finds the work done.
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            migrations.apply(db)
        except BaseException:
            db.conn.rollback()
            raise
        db.conn.commit()
