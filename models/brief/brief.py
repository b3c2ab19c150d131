"""The brief of one recommendation, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd

from kqml.events import KIND_OF_CODE
from kqml.messages import catalogue, text
from kqml.messages.quantities import day
from models.brief.material import Material, Record
from models.policy.company import Company
from models.policy.ranking import offers_for
from models.reasons import Reason

ASKED = 3
"""Missing card fields to ask for on one occasion."""

OFFERED = 2
"""Help offers told; support is given in stages, never all at once (domain §10)."""


@dataclass(frozen=True)
class Brief:
    """Sentences by part. `why`: what we see, what goes with it. `musts`: what cannot wait. `open`: promises,
    complaints, problems. `last`: the latest talks. `ask`: what to learn. `offer`: help with its next stage. `steps`: of
    a visit. `personal`: personal days ahead, to be considerate."""

    why: tuple[str, ...] = ()
    musts: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    offer: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()


def build_brief(
    company: Company, material: Material, account_id: str, package: str, reasons: Sequence[Reason], language: str
) -> Brief:
    """The brief of a package for an account. What to ask, offer, do goes with meeting in person or by phone alone."""
    playbook = company.playbook
    contacts = next(one.contacts for one in playbook.packages if one.name == package)
    talks, meets = bool(contacts.get("visit") or contacts.get("call")), bool(contacts.get("visit"))
    speaker = _Speaker(company, language)
    return Brief(
        why=tuple(reason.text for reason in reasons if reason.direction == "rising"),
        musts=tuple(dict.fromkeys(speaker.must(row) for row in material.musts.get(account_id, ()))),
        open=tuple(speaker.matter(row) for row in material.open.get(account_id, ())),
        last=tuple(speaker.talk(row) for row in reversed(material.talks.get(account_id, ()))),
        ask=(*speaker.card(material, account_id), *(speaker.goals() if meets else ())) if talks else (),
        offer=tuple(speaker.offers(material, account_id, reasons)) if meets else (),
        steps=tuple(step.title[language] for step in playbook.visit.steps) if meets else (),
        personal=tuple(speaker.personal(material, account_id)),
    )


@dataclass(frozen=True)
class _Speaker:
    """What speaks of a company in a language."""

    company: Company
    language: str

    def must(self, row: Record) -> str:
        key = "plan.brief.must_late" if self._is_late(row) else "plan.brief.must"
        return text(key, self.language, what=self._duty(row), day=self._until(row))

    def matter(self, row: Record) -> str:
        key = f"plan.brief.open{'_late' if self._is_late(row) else ''}{'_topic' if row['topic'] else ''}"
        topic = _word("topics", row["topic"], self.language)
        return text(key, self.language, what=self._duty(row), topic=topic, day=self._until(row))

    def talk(self, row: Record) -> str:
        kind = KIND_OF_CODE[row["kind"]].named(self.language)
        when = day(self._local(row["occurred_at"]).date(), self.language)
        key = "plan.brief.talk_topic" if row["topic"] else "plan.brief.talk"
        mood = row.get("sentiment")
        said = text(key, self.language, what=kind, day=when, topic=_word("topics", row["topic"], self.language))
        if mood is None or mood >= 0:
            return said
        return text("plan.brief.unhappy", self.language, talk=said)

    def card(self, material: Material, account_id: str) -> list[str]:
        fields = material.missing(account_id)[:ASKED]
        return [text("plan.brief.ask", self.language, field=field.title[self.language]) for field in fields]

    def goals(self) -> list[str]:
        return [item.title[self.language] for item in self.company.playbook.visit.bring_home]

    def offers(self, material: Material, account_id: str, reasons: Sequence[Reason]) -> list[str]:
        """Help that answers the raising reasons, with the stage that comes next; not what had all its stages."""
        codes = [reason.code.value for reason in reasons if reason.direction == "rising"]
        place = material.place[account_id]
        offers = offers_for(self.company.playbook, codes, self.company.segment_of(place), self.company.seasons)
        found = []
        for offer in offers:
            done = list(material.helped.get(account_id, ())).count(offer.name)
            if done < len(offer.stages):
                stage = offer.stages[done][self.language]
                told = {"stage": stage, "number": done + 1, "of": len(offer.stages)}
                found.append(text("plan.brief.offer", self.language, offer=offer.title[self.language], **told))
        return found[:OFFERED]

    def personal(self, material: Material, account_id: str) -> list[str]:
        days = sorted(material.personal.get(account_id, ()), key=lambda one: one[0])
        return [
            text(
                "plan.brief.personal",
                self.language,
                what=text(f"playbook.keys.{what}", self.language),
                who=_word("roles", role, self.language),
                day=day(when, self.language),
            )
            for when, what, role in days
        ]

    def _duty(self, row: Record) -> str:
        name = row["occasion"] if row["duty"] == "festival" else None
        return text(f"playbook.festivals.{name}" if name else f"duties.duties.{row['duty']}", self.language)

    def _is_late(self, row: Record) -> bool:
        return bool(row["state"] == "overdue")

    def _until(self, row: Record) -> str:
        """The last local day on which it is in time."""
        return day((self._local(row["due_by"]) - timedelta(microseconds=1)).date(), self.language)

    def _local(self, moment: Any) -> Any:
        return pd.Timestamp(moment).tz_convert(self.company.book.log.time_zone)


def _word(part: str, key: str | None, language: str) -> str:
    """The catalogue's word; a company's own one as it is."""
    words: Mapping[str, Any] = catalogue("plan", language)[part]
    return str(words.get(key or "unknown", key))
