"""Menu 6: introductions, prices, insurance, how a visit works, directions; only what is valid today is told (C9, A6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from crm_core.appointments.cards import DoctorCard
from crm_core.enquiries.cards import Answer, CatalogueCard, KnowledgeCard
from crm_core.enquiries.kinds import EnquiryKind, ItemKind, KnowledgeKind
from crm_core.enquiries.wording import text_to_send
from ivr.conversation import Conversation, Reason, WantsPerson
from ivr.flows.answers import NEXT_KEY, Answers, Told
from ivr.flows.asking import Asking
from ivr.flows.booking_phrases import BookingPhrases
from ivr.flows.booking_ports import EnquiriesPort
from ivr.flows.clinic_choice import ClinicChoice
from ivr.menu_visit import Visit
from ivr.prompt_sentences import SentenceKind

BACK_KEY, HOSPITAL_KEY, DEPARTMENT_KEY = "#", "1", "2"
ITEM_KEYS = "12345678"
TRIES_MAX = 3
ROUNDS_MAX = 6
_ITEMS = tuple(ItemKind)

Handler = Callable[[Conversation, Visit], None]


class EnquiriesFlow:
    """Immutable, shared by all callers. Public: nothing of a patient is said."""

    def __init__(
        self,
        enquiries: EnquiriesPort,
        *,
        answers: Answers,
        clinics: ClinicChoice,
        asking: Asking,
        phrases: BookingPhrases,
    ) -> None:
        self._enquiries = enquiries
        self._answers = answers
        self._clinics = clinics
        self._asking = asking
        self._phrases = phrases
        self._handlers: Mapping[str, Handler] = {
            "1": self._introductions,
            "2": self._doctor,
            "3": self._price,
            "4": self._insurance,
            "5": self._procedure,
            "6": self._directions,
        }

    def run(self, talk: Conversation, visit: Visit) -> bool:
        for _ in range(ROUNDS_MAX):
            said = [*visit.take_opening(), "enquiry-menu", "department-menu-end"]
            key = talk.ask_choice(said, {*self._handlers, BACK_KEY}, node="enquiries")
            if key == BACK_KEY:
                return False
            self._handlers[key](talk, visit)
        raise WantsPerson(Reason.REPEATS)

    # -- what may be asked ---------------------------------------------------------------------------------------

    def _introductions(self, talk: Conversation, visit: Visit) -> None:
        choices = {HOSPITAL_KEY, DEPARTMENT_KEY, BACK_KEY}
        key = talk.ask_choice(["enquiry-introductions"], choices, node="enquiry_introductions")
        if key == HOSPITAL_KEY:
            self._knowledge(talk, visit, EnquiryKind.HOSPITAL, [KnowledgeKind.HOSPITAL])
        if key != DEPARTMENT_KEY or (department := self._clinics.department(talk)) is None:
            return
        found = self._asking.ask(
            talk, self._enquiries.current, KnowledgeKind.DEPARTMENT, department_code=department.code
        )
        text = department.introduction_en if talk.language == "en" else department.introduction
        self._introduce(talk, visit, found, EnquiryKind.DEPARTMENT, f"department.{department.code}", text)

    def _doctor(self, talk: Conversation, visit: Visit) -> None:
        department = self._clinics.department(talk)
        doctor = self._clinics.doctor(talk, department.code, with_any=False) if department else None
        if not isinstance(doctor, DoctorCard):
            return
        found = self._asking.ask(talk, self._enquiries.current, KnowledgeKind.DOCTOR, doctor_code=doctor.code)
        text = doctor.introduction_en if talk.language == "en" else doctor.introduction
        self._introduce(talk, visit, found, EnquiryKind.EXPERT, f"doctor.{doctor.code}", text)

    def _procedure(self, talk: Conversation, visit: Visit) -> None:
        self._knowledge(talk, visit, EnquiryKind.PROCEDURE, [KnowledgeKind.PROCEDURE, KnowledgeKind.CAUTIONS])

    def _directions(self, talk: Conversation, visit: Visit) -> None:
        self._knowledge(talk, visit, EnquiryKind.DIRECTIONS, [KnowledgeKind.DIRECTIONS])

    def _price(self, talk: Conversation, visit: Visit) -> None:
        if (item := self._item(talk)) is not None:
            said = self._phrases.amount(SentenceKind.PRICE, item.price_fen, talk.language)
            kind = EnquiryKind.DRUG if item.kind == ItemKind.DRUG else EnquiryKind.PRICE
            self._answers.tell(talk, visit, self._told_of(talk, item, kind, said))

    def _insurance(self, talk: Conversation, visit: Visit) -> None:
        """The smallest ratio of all insurances: never more is promised than is paid; the message has all of them."""
        if (item := self._item(talk)) is not None:
            ratio = min((one.ratio_permille for one in item.reimbursements), default=0)
            said = self._phrases.reimbursement(ratio, talk.language) if ratio >= 10 else ["not-reimbursed"]
            self._answers.tell(talk, visit, self._told_of(talk, item, EnquiryKind.INSURANCE, said))

    # -- how it is found and told --------------------------------------------------------------------------------

    def _introduce(
        self,
        talk: Conversation,
        visit: Visit,
        found: Sequence[KnowledgeCard],
        kind: EnquiryKind,
        code: str,
        text: str,
    ) -> None:
        """What the library has, else the line of the directory, else a person."""
        if found:
            self._tell_all(talk, visit, found, kind)
        elif text:
            self._answers.tell(talk, visit, Told(code, kind, tuple(self._answers.sounds(talk, text)), text))
        else:
            self._not_valid(talk)

    def _knowledge(self, talk: Conversation, visit: Visit, kind: EnquiryKind, wanted: Sequence[KnowledgeKind]) -> None:
        found: list[KnowledgeCard] = []
        for one in wanted:
            found += self._asking.ask(talk, self._enquiries.current, one)
        if not found:
            self._not_valid(talk)
        self._tell_all(talk, visit, found, kind)

    def _tell_all(self, talk: Conversation, visit: Visit, found: Sequence[KnowledgeCard], kind: EnquiryKind) -> None:
        for card in found:
            is_english = talk.language == "en" and bool(card.text_en)
            sounds = self._answers.sounds(talk, card.text_en if is_english else card.text)
            told = Told(card.code, kind, tuple(sounds), text_to_send(card, talk.language))
            if self._answers.tell(talk, visit, told) != NEXT_KEY:
                return

    def _item(self, talk: Conversation) -> CatalogueCard | None:
        """By code or by the letters of its name on the keys. None: back."""
        ask = ["item-ask", "item-example"]
        for _ in range(TRIES_MAX):
            entry = talk.ask_entry(ask, node="enquiry_item", shortest=2, longest=16)
            if entry == BACK_KEY:
                return None
            found: list[Answer] = self._asking.ask(
                talk, self._enquiries.by_keys, entry, kinds=_ITEMS, limit=len(ITEM_KEYS)
            )
            items = [one for one in found if isinstance(one, CatalogueCard)]
            if items:
                return self._one_of(talk, items)
            ask = ["item-none", "item-ask"]
        raise WantsPerson(Reason.NOTHING_TO_OFFER)

    def _one_of(self, talk: Conversation, items: Sequence[CatalogueCard]) -> CatalogueCard | None:
        """Several are told apart by name; those that cannot be said yet are not offered by a number alone."""
        if len(items) == 1:
            return items[0]
        said: list[str] = []
        offered: dict[str, CatalogueCard] = {}
        for item in items:
            name = self._phrases.name(_name(item, talk.language), talk.language)
            if name:
                key = ITEM_KEYS[len(offered)]
                offered[key] = item
                said += [*name, f"hl/press-{key}"]
        if not offered:
            return items[0]
        key = talk.ask_choice(
            ["item-several", *said, "department-menu-end"], {*offered, BACK_KEY}, node="enquiry_item_choice"
        )
        return offered.get(key)

    def _told_of(self, talk: Conversation, item: CatalogueCard, kind: EnquiryKind, said: Sequence[str]) -> Told:
        """A figure without the name it belongs to is never said: then it is only sent."""
        name = self._phrases.name(_name(item, talk.language), talk.language)
        if not name:
            talk.say("one-moment", node="enquiry_item")
            name = self._phrases.name(_name(item, talk.language), talk.language)
        return Told(item.code, kind, (*name, *said) if name else (), text_to_send(item, talk.language))

    @staticmethod
    def _not_valid(talk: Conversation) -> None:
        talk.say("answer-expired", node="enquiries")
        raise WantsPerson(Reason.NOTHING_TO_OFFER)


def _name(item: CatalogueCard, language: str) -> str:
    return item.name_en if language == "en" and item.name_en else item.name
