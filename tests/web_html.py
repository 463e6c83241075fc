"""HTML as a browser takes it apart, for tests of what is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"br", "hr", "img", "input"}
#: What mrkdwn may become.
TEXT_TAGS = {"a", "blockquote", "br", "code", "em", "li", "ol", "pre", "s", "span", "strong", "time", "ul"}
#: What blocks, messages and views are made of besides.
TAGS = TEXT_TAGS | {
    *(
        "article",
        "button",
        "details",
        "div",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h2",
        "h3",
    ),
    *("hr", "img", "input", "label", "legend", "optgroup", "option", "p", "section", "select", "small"),
    *("summary", "textarea", "u"),
}
ATTRIBUTES = {
    *(
        "alt",
        "aria-hidden",
        "aria-label",
        "aria-pressed",
        "autofocus",
        "checked",
        "class",
        "datetime",
        "hidden",
    ),
    "download",
    *("href", "id", "label", "loading", "max", "maxlength", "min", "minlength", "name", "novalidate", "open"),
    *("placeholder", "referrerpolicy", "rel", "required", "role", "rows", "selected", "src", "start", "step"),
    *("target", "title", "type", "value"),
    *("data-action-id", "data-block-id", "data-channel", "data-close", "data-dispatch", "data-error"),
    *("data-kind", "data-picker", "data-react", "data-thread", "data-ts", "data-user", "data-value"),
    "data-view-id",
}


@dataclass
class Element:
    """A tag with its attributes and the text in it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())


@dataclass
class Html(HTMLParser):
    """All elements of a piece of HTML in the order in which they begin. Tags that do not match are an error."""

    source: str
    tags: set[str] = field(default_factory=lambda: TAGS)
    elements: list[Element] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[Element] = []
        # What is sent are bytes; and what is left of it is text that escapes nothing by itself.
        self.feed(self.source.encode().decode())
        self.close()
        assert not self._open, f"{[each.tag for each in self._open]} stay open in {self.source}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.tags, f"<{tag}> in {self.source}"
        names = [name for name, _ in attrs]
        assert set(names) <= ATTRIBUTES, f"{names} in {self.source}"
        assert len(set(names)) == len(names), f"{names} in {self.source}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        address = element.attributes.get("href", element.attributes.get("src", "/"))
        assert address.lower().startswith(("http://", "https://", "mailto:", "/")), address
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> in {self.source}"
        assert self._open.pop().tag == tag, f"</{tag}> in {self.source}"

    def handle_data(self, data: str) -> None:
        self.text += data
        for element in self._open:
            element.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment in {self.source}: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration in {self.source}: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction in {self.source}: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration in {self.source}: {data}")

    def all(self, tag: str = "", **attributes: Any) -> list[Element]:
        """The elements with this tag and these attributes (`data_kind="button"`; `class_` is one of the classes)."""
        wanted_class = attributes.pop("class_", None)
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        return [
            each
            for each in self.elements
            if tag in ("", each.tag)
            and (wanted_class is None or wanted_class in each.classes)
            and wanted.items() <= each.attributes.items()
        ]

    def one(self, tag: str = "", **attributes: Any) -> Element:
        """The only such element."""
        (found,) = self.all(tag, **attributes)
        return found
