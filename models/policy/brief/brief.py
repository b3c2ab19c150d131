"""The brief of one recommendation: sentences as keys with values, rendered in the language of each reader."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from kqml.events import KIND_OF_CODE
from kqml.messages import LANGUAGES, catalogue
from kqml.messages.coded import CodedMessage, Day, KindName, Text, Title, Value
from kqml.playbook.planning import HelpOffer
from kqml.playbook.relationship import CardField
from models.churn.reasons.reasons import Reason
from models.policy.allocation.required_contacts import COMPLAINT_VISIT
from models.policy.brief.inputs import BriefInputs, Record
from models.policy.planning.company import Company
from models.policy.planning.offers import offers_for, raising_codes

FIELDS_PER_OCCASION = 3
"""Missing card fields to ask for on one occasion."""

HANDOVER = "handover"
"""The duty of a rep who takes over an account."""

OFFERED = 2
"""Help offers told; support is given in stages, never all at once (domain §10)."""

Lines = tuple[Text, ...]


@dataclass(frozen=True)
class Brief:
    """Sentences by part.

    `why`: symptoms and causes. `musts`: required actions. `open`: promises, complaints, problems. `last`: the latest
    contacts. `ask`: missing card fields. `offer`: help with its next stage. `steps`: of a visit. `hours`: when contact
    is allowed. `personal`: personal days ahead.
    """

    why: Lines = ()
    musts: Lines = ()
    open: Lines = ()
    last: Lines = ()
    ask: Lines = ()
    offer: Lines = ()
    steps: Lines = ()
    hours: Lines = ()
    personal: Lines = ()

    def in_words(self, language: str) -> dict[str, list[str]]:
        """Return the sentences of each part in a language."""
        return {part: [line.text(language) for line in lines] for part, lines in vars(self).items()}

    def as_json(self) -> dict[str, list[Any]]:
        """Return the sentences of each part as they are stored."""
        return {part: [line.as_json() for line in lines] for part, lines in vars(self).items()}


class BriefWriter:
    """Writes the briefs of a company's week; recurring sentences are cached."""

    def __init__(self, company: Company, material: BriefInputs) -> None:
        self._speaker, self._material = _Speaker(company), material
        contacts = {action.name: action.contacts for action in company.playbook.actions}
        self._talks = {name: bool(channels.get("visit") or channels.get("call")) for name, channels in contacts.items()}
        self._meets = {name: bool(channels.get("visit")) for name, channels in contacts.items()}
        visit = company.playbook.visit
        self._goals = tuple(Title(item.title) for item in visit.bring_home)
        self._steps = tuple(Title(step.title) for step in visit.steps)
        quiet = company.playbook.limits.quiet_hours
        self._hours = (
            CodedMessage("plan.brief.hours", {"start": f"{quiet.end:%H:%M}", "end": f"{quiet.start:%H:%M}"}),
        )

    def write(self, account_id: str, action: str, reasons: Sequence[Reason]) -> Brief:
        """Return the brief of an account; questions, offers and steps depend on whether the action is a meeting or a
        call."""
        speaker, material = self._speaker, self._material
        talks, meets = self._talks[action], self._meets[action]
        return Brief(
            why=tuple(reason.message for reason in reasons if reason.direction == "rising"),
            musts=tuple(dict.fromkeys(speaker.musts(material.musts.get(account_id, ()), meets))),
            open=tuple(speaker.matter(row) for row in material.open.get(account_id, ())),
            last=tuple(speaker.talk(row) for row in reversed(material.talks.get(account_id, ()))),
            ask=(*speaker.card(material, account_id), *(self._goals if meets else ())) if talks else (),
            offer=tuple(speaker.offers(material, account_id, reasons)) if meets else (),
            steps=self._steps if meets else (),
            hours=self._hours,
            personal=tuple(speaker.personal(material, account_id)),
        )


@dataclass(frozen=True)
class _Speaker:
    """Composes sentences of a company; `said`: cache by facts."""

    company: Company
    said: dict[Any, CodedMessage] = field(default_factory=dict)

    def musts(self, rows: Sequence[Record], meets: bool) -> Iterator[CodedMessage]:
        """Yield a sentence for each required action, and how a complaint is settled: by a visit or without one."""
        yield from (self.must(row) for row in rows)
        if any(row["duty"] == COMPLAINT_VISIT for row in rows):
            yield CodedMessage(f"plan.brief.{'face_to_face' if meets else 'no_visit'}")
        if any(row["duty"] == HANDOVER for row in rows):
            yield CodedMessage("plan.brief.introduction")

    def must(self, row: Record) -> CodedMessage:
        key = "plan.brief.must_late" if self._is_late(row) else "plan.brief.must"
        return self._text((key, row["duty"], row["occasion"], row["due_by"]), lambda: self._must(key, row))

    def matter(self, row: Record) -> CodedMessage:
        key = f"plan.brief.open{'_late' if self._is_late(row) else ''}{'_topic' if row['topic'] else ''}"
        return self._text((key, row["duty"], row["topic"], row["due_by"]), lambda: self._matter(key, row))

    def talk(self, row: Record) -> CodedMessage:
        mood = row.get("sentiment")
        sad = mood is not None and mood < 0
        facts = (row["kind"], row["topic"], row["day"], sad)
        return self._text(facts, lambda: self._talk(row, sad))

    def card(self, material: BriefInputs, account_id: str) -> list[CodedMessage]:
        fields = material.missing(account_id)[:FIELDS_PER_OCCASION]
        return [self._text(("ask", field.name), partial(self._ask, field)) for field in fields]

    def _text(self, facts: Any, say: Callable[[], CodedMessage]) -> CodedMessage:
        result = self.said.get(facts)
        if result is None:
            result = self.said[facts] = say()
        return result

    def _must(self, key: str, row: Record) -> CodedMessage:
        return CodedMessage(key, {"what": self._duty(row), "day": self._until(row)})

    def _matter(self, key: str, row: Record) -> CodedMessage:
        return CodedMessage(
            key, {"what": self._duty(row), "topic": _word("topics", row["topic"]), "day": self._until(row)}
        )

    def _talk(self, row: Record, sad: bool) -> CodedMessage:
        key = "plan.brief.talk_topic" if row["topic"] else "plan.brief.talk"
        kind, topic = KindName(KIND_OF_CODE[row["kind"]]), _word("topics", row["topic"])
        message = CodedMessage(key, {"what": kind, "day": Day(row["day"]), "topic": topic})
        return CodedMessage("plan.brief.unhappy", {"talk": message}) if sad else message

    def _ask(self, field: CardField) -> CodedMessage:
        return CodedMessage("plan.brief.ask", {"field": Title(field.title)})

    def offers(self, material: BriefInputs, account_id: str, reasons: Sequence[Reason]) -> list[CodedMessage]:
        """Return the help that answers the raising reasons, with its next stage; completed help is left out."""
        segment, given = (
            self.company.segment_of(material.account_index[account_id]),
            material.helped.get(account_id, {}),
        )
        playbook, codes = self.company.playbook, raising_codes(reasons)
        offers = offers_for(playbook, codes, segment, self.company.seasons, given)
        return [self._offer(offer, given.get(offer.name, 0)) for offer in offers[:OFFERED]]

    def _offer(self, offer: HelpOffer, done: int) -> CodedMessage:
        stage: dict[str, Value] = {"stage": Title(offer.stages[done]), "number": done + 1, "of": len(offer.stages)}
        return CodedMessage("plan.brief.offer", {"offer": Title(offer.title), **stage})

    def personal(self, material: BriefInputs, account_id: str) -> list[CodedMessage]:
        days = sorted(material.personal.get(account_id, ()), key=lambda personal_day: personal_day[0])
        return [
            CodedMessage(
                "plan.brief.personal",
                {"what": CodedMessage(f"playbook.keys.{kind}"), "who": _word("roles", role), "day": Day(when)},
            )
            for when, kind, role in days
        ]

    def _duty(self, row: Record) -> CodedMessage:
        name = row["occasion"] if row["duty"] == "festival" else None
        return CodedMessage(f"playbook.festivals.{name}" if name else f"duties.duties.{row['duty']}")

    def _is_late(self, row: Record) -> bool:
        return bool(row["state"] == "overdue")

    def _until(self, row: Record) -> Day:
        """Return the last local day on which it is in time."""
        return Day((row["due_by"].astimezone(self.company.zone) - timedelta(microseconds=1)).date())


def _word(part: str, key: str | None) -> Value:
    """Return the catalogue's word; a company's own one as it is."""
    words: Mapping[str, Any] = catalogue("plan", LANGUAGES[0])[part]
    name = key or "unknown"
    return CodedMessage(f"plan.{part}.{name}") if name in words else name
