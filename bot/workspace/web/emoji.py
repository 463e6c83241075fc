"""Emoji by the names Slack gives them: the commonest ones, with skin tones."""

import re

#: One line per emoji: the characters, then its names. Others stay as `:name:`.
TABLE = """
👍 +1 thumbsup
👎 -1 thumbsdown
👌 ok_hand
✌️ v
🤞 crossed_fingers
🤟 i_love_you_hand_sign
🤘 the_horns sign_of_the_horns
🤙 call_me_hand
👈 point_left
👉 point_right
👆 point_up_2
👇 point_down
☝️ point_up
✋ hand raised_hand
🖐️ raised_hand_with_fingers_splayed
👋 wave
✊ fist
👊 facepunch punch
👏 clap
🙌 raised_hands
👐 open_hands
🤝 handshake
🙏 pray
💪 muscle
✍️ writing_hand
🤷 shrug
🤦 face_palm
🙋 raising_hand
🙇 bow
🏃 runner running
😀 grinning
😃 smiley
😄 smile
😁 grin
😆 laughing satisfied
😅 sweat_smile
😂 joy
🤣 rolling_on_the_floor_laughing
🙂 slightly_smiling_face
🙃 upside_down_face
😉 wink
😊 blush
😇 innocent
🥰 smiling_face_with_3_hearts
😍 heart_eyes
🤩 star-struck grinning_face_with_star_eyes
😘 kissing_heart
😋 yum
😜 stuck_out_tongue_winking_eye
🤪 zany_face
🤗 hugging_face
🤭 face_with_hand_over_mouth
🤫 shushing_face
🤔 thinking_face thinking
🤨 face_with_raised_eyebrow
😐 neutral_face
😑 expressionless
😏 smirk
🙄 face_with_rolling_eyes
😬 grimacing
😌 relieved
😴 sleeping
🤯 exploding_head
🤠 face_with_cowboy_hat
🥳 partying_face
😎 sunglasses
🤓 nerd_face
🧐 face_with_monocle
😕 confused
😟 worried
🙁 slightly_frowning_face
😮 open_mouth
😲 astonished
😳 flushed
🥺 pleading_face
😢 cry
😭 sob
😱 scream
😩 weary
😫 tired_face
😤 triumph
😡 rage
😠 angry
🤬 face_with_symbols_on_mouth
💀 skull
💩 hankey poop
🤖 robot_face
👻 ghost
👽 alien
😺 smiley_cat
🙈 see_no_evil
🙉 hear_no_evil
🙊 speak_no_evil
❤️ heart
🧡 orange_heart
💛 yellow_heart
💚 green_heart
💙 blue_heart
💜 purple_heart
🖤 black_heart
🤍 white_heart
💔 broken_heart
💕 two_hearts
💖 sparkling_heart
💯 100
💥 boom collision
💫 dizzy
💬 speech_balloon
💭 thought_balloon
💤 zzz
👀 eyes
🧠 brain
🎉 tada
🎊 confetti_ball
🎈 balloon
🎁 gift
🎓 mortar_board
🏆 trophy
🥇 first_place_medal
🥈 second_place_medal
🥉 third_place_medal
🏅 sports_medal
🎯 dart
🎲 game_die
🔥 fire
✨ sparkles
⭐ star
🌟 star2
⚡ zap
🌈 rainbow
☀️ sunny
🌙 crescent_moon
❄️ snowflake
🌍 earth_africa
🌱 seedling
🌳 deciduous_tree
🍀 four_leaf_clover
🐍 snake
🐛 bug
🐙 octopus
🦄 unicorn_face
🐳 whale
🦙 llama
☕ coffee
🍕 pizza
🍰 cake
🍺 beer
🍿 popcorn
🚀 rocket
✈️ airplane
🚢 ship
🚧 construction
🚨 rotating_light
🚦 vertical_traffic_light
⏰ alarm_clock
⏳ hourglass_flowing_sand
⌛ hourglass
📅 date
📆 calendar
📄 page_facing_up
📃 page_with_curl
📰 newspaper
📚 books
📖 book open_book
📝 memo pencil
✏️ pencil2
📌 pushpin
📎 paperclip
🔗 link
📈 chart_with_upwards_trend
📉 chart_with_downwards_trend
📊 bar_chart
📣 mega
📢 loudspeaker
🔔 bell
🔕 no_bell
📬 mailbox_with_mail
📦 package
🔍 mag
🔎 mag_right
💡 bulb
🔬 microscope
🔭 telescope
🧪 test_tube
🧬 dna
🧮 abacus
💻 computer
⌨️ keyboard
⚙️ gear
🔧 wrench
🔨 hammer
🛠️ hammer_and_wrench
🧩 jigsaw
🔒 lock
🔓 unlock
🔑 key
💾 floppy_disk
🎵 musical_note
🎬 clapper
🎨 art
📷 camera
✅ white_check_mark
✔️ heavy_check_mark
☑️ ballot_box_with_check
❌ x
❎ negative_squared_cross_mark
➕ heavy_plus_sign
➖ heavy_minus_sign
❓ question
❔ grey_question
❗ exclamation heavy_exclamation_mark
‼️ bangbang
⚠️ warning
⛔ no_entry
🚫 no_entry_sign
ℹ️ information_source
🆕 new
🆗 ok
🔝 top
🔄 arrows_counterclockwise
🔁 repeat
➡️ arrow_right
⬅️ arrow_left
⬆️ arrow_up
⬇️ arrow_down
↩️ leftwards_arrow_with_hook
🔴 red_circle
🟢 large_green_circle
🔵 large_blue_circle
🟡 large_yellow_circle
⚪ white_circle
⚫ black_circle
1️⃣ one
2️⃣ two
3️⃣ three
4️⃣ four
5️⃣ five
🏁 checkered_flag
🚩 triangular_flag_on_post
"""
BY_NAME = {name: line.split()[0] for line in TABLE.strip().split("\n") for name in line.split()[1:]}
# Hands and people only: a skin tone after anything else would be drawn as a coloured square beside it.
_TONED = frozenset("👍👎👌✌🤞🤟🤘🤙👈👉👆👇☝✋🖐👋✊👊👏🙌👐🤝🙏💪✍🤷🤦🙋🙇🏃")

#: `:name:` or `:name::skin-tone-3:` as it stands in a text; group 1 is what `character` takes.
CODE = re.compile(
    rf":((?:{'|'.join(map(re.escape, sorted(BY_NAME, key=len, reverse=True)))})(?:::skin-tone-[2-6])?):"
)


def character(name: str) -> str | None:
    """The characters of an emoji by its name, such as `+1` or `wave::skin-tone-3`; None when it is not here."""
    base, _, tone = name.partition("::skin-tone-")
    drawn = BY_NAME.get(base)
    if drawn is None or drawn[0] not in _TONED or tone not in ("2", "3", "4", "5", "6"):
        return drawn
    return drawn[0] + chr(0x1F3FB + int(tone) - 2)


def with_characters(text: str) -> str:
    """A text with its `:name:` codes as characters; unknown codes stay."""
    return CODE.sub(lambda code: character(code[1]) or code[0], text)


def from_code_points(points: str) -> str:
    """The characters of hexadecimal code points such as `1f44d-1f3fd`; empty when they are none."""
    try:
        return "".join(chr(int(point, 16)) for point in points.split("-") if points)
    except (ValueError, OverflowError):
        return ""
