"""A slow, obvious version of the duties: one account, one day, one event at a time."""

# ruff: noqa: PLR0913 - the slow version is long, not deep

import calendar as months
import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kqml.calendar.festivals import festival_day
from kqml.calendar.workdays import Workdays
from kqml.duties import Period
from kqml.playbook import Playbook

CLOSING = ("account_suspended", "account_closed", "account_transferred")
CONTACTS = {"visit": ("visit", "meeting"), "call": ("call",), "message": ("message",)}


class Oracle:
    """The duties of the plain tables of a company."""

    def __init__(self, company: Mapping[str, Any], playbook: Playbook, calendar: Workdays, zone: str) -> None:
        self.company, self.playbook, self.calendar, self.zone = company, playbook, calendar, ZoneInfo(zone)
        self.events = sorted(company["events"], key=lambda row: row["occurred_at"])
        self.reps = {row["rep_id"]: row for row in company["reps"]}

    def duties(self, period: Period, cutoff: datetime) -> list[dict[str, Any]]:
        self.period, self.cutoff = period, cutoff
        known = [row for row in self.events if row["known_at"] < cutoff and row["occurred_at"] < cutoff]
        pairs = [(row["account_id"], row["ref"]) for row in known if row["kind"] == "event_retracted"]
        self.retracted = set(pairs)
        self.known = [row for row in known if self.is_counted(row)]
        self.last_day = self.local(cutoff - timedelta(microseconds=1))
        rows = []
        for month in sorted({(day.year, day.month) for day in self.days(period.first, period.last)}):
            for account in self.company["accounts"]:
                rows += self.cadence(account, *month)
            for rep in sorted(self.people()):
                rows += self.of_rep(rep, *month)
        for account in self.company["accounts"]:
            rows += [*self.festivals(account), *self.birthdays(account), *self.life(account), *self.matters(account)]
            rows += self.handover(account)
        return rows

    def is_counted(self, row: dict[str, Any]) -> bool:
        return row["kind"] != "event_retracted" and (row["account_id"], row["event_id"]) not in self.retracted

    # days and instants

    def local(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def days(self, first: date, last: date) -> Iterator[date]:
        while first <= last:
            yield first
            first += timedelta(days=1)

    def month(self, year: int, month: int) -> list[date]:
        return [date(year, month, day + 1) for day in range(months.monthrange(year, month)[1])]

    def touches(self, start: datetime, end: datetime) -> bool:
        first, last = self.midnight(self.period.first), self.midnight(self.period.last + timedelta(days=1))
        return start < last and end > first

    def must(self, due_by: datetime) -> bool:
        return due_by <= self.midnight(self.period.last + timedelta(days=1))

    # standing

    def changes(self, account: str, *kinds: str) -> list[dict[str, Any]]:
        return [row for row in self.events if row["account_id"] == account and row["kind"] in kinds]

    def value(self, account: dict[str, Any], day: date, kinds: tuple[str, ...], to: Any, before: Any, now: Any) -> Any:
        changes = self.changes(account["account_id"], *kinds)
        seen = [row for row in changes if row in self.known and self.local(row["occurred_at"]) <= day]
        if seen:
            return to(seen[-1])
        says = not changes or "from" in note(changes[0]) or kinds not in (("tier_changed",), ("rep_assigned",))
        if not changes or (not says and now not in [to(row) for row in changes]):
            return now  # no event brought it, so it was there all the time
        return before(changes[0])

    def tier(self, account: dict[str, Any], day: date) -> str | None:
        return self.value(
            account,
            day,
            ("tier_changed",),
            lambda row: note(row).get("to"),
            lambda row: note(row).get("from"),
            account["tier"],
        )

    def owner(self, account: dict[str, Any], day: date) -> str | None:
        def before(row: dict[str, Any]) -> str | None:
            if note(row).get("from") in self.people():
                return note(row)["from"]
            earlier = [
                each["rep_id"]
                for each in self.events
                if each["account_id"] == account["account_id"]
                and each["occurred_at"] < row["occurred_at"]
                and each["rep_id"]
                and each["kind"] != "order"
                and self.is_counted(each)
            ]
            return earlier[-1] if earlier else None

        return self.value(account, day, ("rep_assigned",), lambda row: row["rep_id"], before, account["owner_rep_id"])

    def consents(self, account: dict[str, Any], day: date) -> bool:
        now = json.loads(account["attributes"])["consent"] if account["attributes"] else True
        return self.value(
            account,
            day,
            ("consent_changed",),
            lambda row: note(row)["to"],
            lambda row: note(row)["from"],
            now,
        )

    def open(self, account: dict[str, Any], day: date) -> bool:
        if account["opened_on"] > day:
            return False
        kinds = (*CLOSING, "account_reopened")
        if self.changes(account["account_id"], *kinds) or account["status"] == "active":
            return self.value(
                account, day, kinds, lambda row: row["kind"] not in CLOSING, lambda row: row["kind"] in CLOSING, True
            )
        since = account["status_since"]
        return since is not None and (day < since or self.midnight_utc(since) >= self.cutoff)

    def midnight_utc(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=UTC)

    def absent(self, rep: str | None, day: date) -> bool:
        spans = json.loads(self.reps[rep]["absences"]) if rep in self.reps else []
        return any(date.fromisoformat(start) <= day < date.fromisoformat(end) for start, end in spans)

    def quiet(self, day: date) -> bool:
        spans = [(date.fromisoformat(start), date.fromisoformat(end)) for start, end in self.company["quiet"]]
        return any(start <= day < end for start, end in spans)

    def people(self) -> set[str]:
        named = {row["rep_id"] for row in self.events if row["kind"] != "order"}
        return {*self.reps, *named, *(row["owner_rep_id"] for row in self.company["accounts"])} - {None}

    # counting

    def worth(self, row: dict[str, Any], channel: str) -> float:
        rule = self.playbook.counting
        short = row["minutes"] is not None and row["minutes"] < rule.min_minutes[channel]
        faked = row["authenticity"] is not None and row["authenticity"] < rule.min_authenticity
        return rule.part_share if short or faked else 1.0

    def of(self, account: str, kinds: tuple[str, ...], start: datetime, end: datetime) -> list[dict[str, Any]]:
        return [
            row
            for row in self.known
            if row["account_id"] == account and row["kind"] in kinds and start <= row["occurred_at"] < end
        ]

    def contacts(self, account: str, channel: str, start: datetime, end: datetime) -> float:
        return sum(self.worth(row, channel) for row in self.of(account, CONTACTS[channel], start, end))

    def state(self, target: float, counted: float, due_by: datetime) -> str:
        if target <= 0:
            return "waived"
        if counted >= target:
            return "done"
        return "overdue" if due_by <= self.cutoff else "due"

    def row(self, account: dict[str, Any] | None, day: date, **more: Any) -> dict[str, Any]:
        who = {"account_id": None, "tier": None}
        if account is not None:
            who = {
                "account_id": account["account_id"],
                "tier": self.tier(account, day),
                "rep_id": self.owner(account, day),
            }
        more["state"] = self.state(more["target"], more["counted"], more["due_by"])
        blank = {"occasion": None, "contact_id": None, "event_id": None, "behind": 0.0, "must": False}
        return {**blank, "prorated": more["target"], **who, **more}

    # duties

    def prorated(self, account: dict[str, Any], days: list[date], per_tier: Mapping[str, float], until: date) -> float:
        worked = sum(self.calendar.is_working(day) for day in days)
        total = 0.0
        for day in days:
            owed = self.calendar.is_working(day) and not self.quiet(day) and self.open(account, day)
            owed = owed and not self.absent(self.owner(account, day), day)
            tier = self.tier(account, day)
            if owed and tier is not None and day < until:
                total += per_tier[tier]
        return total / worked

    def cadence(self, account: dict[str, Any], year: int, month: int) -> Iterator[dict[str, Any]]:
        days = self.month(year, month)
        if not any(self.open(account, day) for day in days):
            return
        today = min(max(self.last_day, days[0]), days[-1])
        tier_now = self.tier(account, days[-1])
        due_by = self.midnight(days[-1] + timedelta(days=1))
        if tier_now is None:
            return
        until = self.last_day + timedelta(days=1)
        for channel in ("visit", "call", "message"):
            per_tier = {tier: row[channel] for tier, row in self.playbook.cadence.items()}
            span = 1 if per_tier[tier_now] >= 1 else math.ceil(1 / per_tier[tier_now])
            spans, (y, m) = [], (year, month)
            for _ in range(span):
                spans.insert(0, self.month(y, m))
                y, m = (y, m - 1) if m > 1 else (y - 1, 12)
            prorated = sum(self.prorated(account, each, per_tier, date.max) for each in spans)
            expected = sum(self.prorated(account, each, per_tier, until) for each in spans)
            if channel != "visit" and not self.consents(account, today):
                prorated = expected = 0.0
            start = self.midnight(spans[0][0])
            counted = self.contacts(account["account_id"], channel, start, due_by)
            yield self.monthly(account, today, "cadence", channel, prorated, expected, counted, start, due_by)
        per_tier = self.playbook.reciprocity.problems_per_account_month
        start = self.midnight(days[0])
        counted = float(len(self.of(account["account_id"], ("help_given",), start, due_by)))
        prorated, expected = (self.prorated(account, days, per_tier, end) for end in (date.max, until))
        yield self.monthly(account, today, "problems", "help", prorated, expected, counted, start, due_by)

    def monthly(
        self,
        account: Any,
        today: date,
        duty: str,
        channel: str,
        prorated: float,
        expected: float,
        counted: float,
        start: datetime,
        due_by: datetime,
    ) -> dict[str, Any]:
        target = float(math.floor(prorated + 0.5 + 1e-9))
        behind = max(0.0, expected - counted) if target > 0 else 0.0
        return self.row(
            account,
            today,
            duty=duty,
            channel=channel,
            target=target,
            prorated=prorated,
            counted=counted,
            behind=behind,
            due_from=start,
            due_by=due_by,
        )

    def of_rep(self, rep: str, year: int, month: int) -> Iterator[dict[str, Any]]:
        rules, days = self.playbook.reciprocity, self.month(year, month)
        start, end = self.midnight(days[0]), self.midnight(days[-1] + timedelta(days=1))
        held = [
            (account, day)
            for account in self.company["accounts"]
            for day in days
            if self.open(account, day) and self.owner(account, day) == rep
        ]
        trained = [pair for pair in held if self.tier(*pair) in rules.training_tiers]
        found = (("asks", rules.asks_per_rep_month, held), ("trainings", rules.trainings_per_rep_month, trained))
        for duty, per_month, owing in found:
            if not owing or not any(self.employed(rep, day) for day in days):
                continue
            there = [
                day
                for day in days
                if self.calendar.is_working(day)
                and not self.quiet(day)
                and self.employed(rep, day)
                and not self.absent(rep, day)
            ]
            worked = sum(self.calendar.is_working(day) for day in days)
            prorated = per_month * len(there) / worked
            expected = per_month * sum(day <= self.last_day for day in there) / worked
            counted = float(sum(self.is_of(row, rep, duty, start, end) for row in self.known))
            target = float(math.floor(prorated + 0.5 + 1e-9))
            yield self.row(
                None,
                days[0],
                rep_id=rep,
                duty=duty,
                channel="help" if duty == "asks" else "training",
                target=target,
                prorated=prorated,
                counted=counted,
                behind=max(0.0, expected - counted),
                due_from=start,
                due_by=end,
            )

    def employed(self, rep: str, day: date) -> bool:
        row = self.reps.get(rep, {})
        started, left = row.get("started_on"), row.get("left_on")
        return (started is None or started <= day) and (left is None or day < left)

    def is_of(self, row: dict[str, Any], rep: str, duty: str, start: datetime, end: datetime) -> bool:
        if (
            row["kind"] != {"asks": "help_asked", "trainings": "training"}[duty]
            or not start <= row["occurred_at"] < end
        ):
            return False
        account = next(each for each in self.company["accounts"] if each["account_id"] == row["account_id"])
        day = self.local(row["occurred_at"])
        if duty == "trainings" and self.tier(account, day) not in self.playbook.reciprocity.training_tiers:
            return False
        return (row["rep_id"] or self.owner(account, day)) == rep

    def festivals(self, account: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for rule in self.playbook.festivals:
            for year in (2023, 2024, 2025):
                day = festival_day(rule.festival, year)
                start = self.midnight(day - timedelta(days=rule.days_before))
                end = self.midnight(day + timedelta(days=rule.days_after + 1))
                tier = self.tier(account, day)
                if not self.touches(start, end) or not self.open(account, day) or tier is None:
                    continue
                asked = [*rule.asks[tier], *(["gift"] if tier in rule.gift else [])]
                window = list(self.days(day - timedelta(days=rule.days_before), day + timedelta(days=rule.days_after)))
                away = all(self.absent(self.owner(account, day), each) for each in window)
                for channel in asked:
                    silent = channel in ("call", "message") and not self.consents(account, day)
                    name = account["account_id"]
                    gifts = float(len(self.of(name, ("gift",), start, end)))
                    spent = channel == "gift" and not gifts and self.gift_room(name, day.year) <= 0
                    target = 0.0 if silent or away or spent else 1.0
                    counted = gifts if channel == "gift" else self.contacts(name, channel, start, end)
                    must = self.must(end) and counted < target
                    yield self.row(
                        account,
                        day,
                        duty="festival",
                        occasion=rule.festival,
                        channel=channel,
                        target=target,
                        counted=counted,
                        due_from=start,
                        due_by=end,
                        must=must,
                    )

    def gift_room(self, account: str, year: int) -> float:
        """What the person who got least of those who got something may still be given."""
        gifts = self.of(account, ("gift",), self.midnight(date(year, 1, 1)), self.midnight(date(year + 1, 1, 1)))
        money = {row["contact_id"]: 0.0 for row in gifts}
        for row in gifts:
            money[row["contact_id"]] += row["amount"] or 0.0
        shared = money.pop(None, 0.0)
        return self.playbook.limits.gift_cap - shared - min(money.values(), default=0.0)

    def birthdays(self, account: dict[str, Any]) -> Iterator[dict[str, Any]]:
        gone = {row["contact_id"] for row in self.known if row["kind"] == "contact_left"}
        for person in self.company["contacts"]:
            if (
                person["account_id"] != account["account_id"]
                or person["birthday"] is None
                or person["contact_id"] in gone
            ):
                continue
            for year in (2023, 2024, 2025):
                try:
                    day = date.fromisoformat(f"{year}-{person['birthday']}")
                except ValueError:
                    day = date(year, 2, 28)
                yield from self.personal(account, "birthday", day, person["contact_id"], None)

    def life(self, account: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for row in self.known:
            topic = note(row).get("topic")
            if row["kind"] == "life_event" and row["account_id"] == account["account_id"] and topic:
                yield from self.personal(
                    account, topic, self.local(row["known_at"]), row["contact_id"], row["event_id"]
                )

    def personal(
        self, account: dict[str, Any], duty: str, day: date, contact: str | None, event: str | None
    ) -> Iterator[dict[str, Any]]:
        rule = getattr(self.playbook.personal_days, duty)
        start, end = (
            self.midnight(day - timedelta(days=rule.days_before)),
            self.midnight(day + timedelta(days=rule.days_after + 1)),
        )
        tier = self.tier(account, day)
        if not self.touches(start, end) or not self.open(account, day) or tier is None:
            return
        for channel in rule.asks[tier]:
            met = self.of(account["account_id"], CONTACTS[channel], start, end)
            counted = sum(
                self.worth(row, channel)
                for row in met
                if None in (row["contact_id"], contact) or row["contact_id"] == contact
            )
            silent = channel in ("call", "message") and not self.consents(account, day)
            target = 0.0 if silent else 1.0
            must = self.must(end) and counted < target
            yield self.row(
                account,
                day,
                duty=duty,
                occasion=duty,
                channel=channel,
                target=target,
                counted=counted,
                due_from=start,
                due_by=end,
                must=must,
                contact_id=contact,
                event_id=event,
            )

    def matters(self, account: dict[str, Any]) -> Iterator[dict[str, Any]]:
        answers, name = self.playbook.answers, account["account_id"]
        if not self.open(account, self.last_day):
            return
        ours = [
            row["occurred_at"]
            for channel in CONTACTS.values()
            for row in self.of(name, channel, datetime.min.replace(tzinfo=UTC), self.cutoff)
        ]
        for row in self.known:
            if row["account_id"] != name or row["kind"] not in ("promise_made", "complaint", "inbound"):
                continue
            duty, days, closing = {
                "promise_made": ("promise", answers.promise_days, "promise_kept"),
                "complaint": ("complaint", answers.complaint_days, "complaint_resolved"),
                "inbound": ("inbound", answers.inbound_days, ""),
            }[row["kind"]]
            expires = getattr(answers, f"{duty}_expires_days")
            due_by = row.get("due_at") or row["occurred_at"] + timedelta(days=days)
            closed = any(
                each["kind"] == closing and each["account_id"] == name and each.get("ref") == row["event_id"]
                for each in self.known
            )
            if duty == "inbound":
                closed = any(moment >= row["occurred_at"] for moment in ours)
            start, end = self.midnight(self.period.first), self.midnight(self.period.last + timedelta(days=1))
            expired = due_by + timedelta(days=expires) <= self.cutoff
            if duty == "complaint":
                yield from self.complaint_visit(account, row, closed or expired)
            if (closed or expired) and not start < due_by <= end:
                continue
            must = self.must(due_by) and not closed and not expired and duty != "inbound"
            yield self.row(
                account,
                self.last_day,
                duty=duty,
                channel=None,
                target=1.0,
                counted=float(closed),
                due_from=row["occurred_at"],
                due_by=due_by,
                must=must,
                contact_id=row["contact_id"],
                event_id=row["event_id"],
            )

    def handover(self, account: dict[str, Any]) -> Iterator[dict[str, Any]]:
        changes = [row for row in self.changes(account["account_id"], "rep_assigned") if row in self.known]
        tier = self.tier(account, self.last_day)
        if not changes or changes[-1]["rep_id"] is None or tier is None or not self.open(account, self.last_day):
            return
        change, answers = changes[-1], self.playbook.answers
        day = self.local(change["occurred_at"])
        before = self.owner(account, day - timedelta(days=1))
        if before is None or before == change["rep_id"]:
            return
        due_by = self.midnight(day + timedelta(days=answers.handover_visit_days[tier] + 1))
        visits = self.of(account["account_id"], CONTACTS["visit"], change["occurred_at"], self.cutoff)
        done = any(self.worth(row, "visit") == 1 for row in visits)
        expired = due_by + timedelta(days=answers.handover_expires_days) <= self.cutoff
        start, end = self.midnight(self.period.first), self.midnight(self.period.last + timedelta(days=1))
        if (done or expired) and not start < due_by <= end:
            return
        yield self.row(
            account,
            self.last_day,
            duty="handover",
            channel="visit",
            target=1.0,
            counted=float(done),
            due_from=change["occurred_at"],
            due_by=due_by,
            must=self.must(due_by) and not done and not expired,
        )

    def complaint_visit(self, account: dict[str, Any], row: dict[str, Any], settled: bool) -> Iterator[dict[str, Any]]:
        last, left = self.local(row["occurred_at"]), self.playbook.answers.complaint_visit_workdays
        days, rep = [last], self.owner(account, self.last_day)
        while left:
            last += timedelta(days=1)
            days.append(last)
            left -= self.calendar.is_working(last)
        due_by = self.midnight(last + timedelta(days=1))
        channel = "call" if all(self.absent(rep, day) for day in days) else "visit"
        done = any(
            self.worth(each, way) == 1
            for way in {"visit", channel}
            for each in self.of(account["account_id"], CONTACTS[way], row["occurred_at"], self.cutoff)
        )
        start, end = self.midnight(self.period.first), self.midnight(self.period.last + timedelta(days=1))
        if (settled or done) and not start < due_by <= end:
            return
        target = 0.0 if settled and not done else 1.0
        yield self.row(
            account,
            self.last_day,
            duty="complaint_visit",
            channel=channel,
            target=target,
            counted=float(done),
            due_from=row["occurred_at"],
            due_by=due_by,
            must=self.must(due_by) and done < target,
            contact_id=row["contact_id"],
            event_id=row["event_id"],
        )


def note(row: dict[str, Any]) -> dict[str, Any]:
    return json.loads(row["attributes"]) if row.get("attributes") else {}
