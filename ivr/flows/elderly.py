"""A patient of 65 or more (C15): no menu, one slow sentence, a person; whoever presses a key gets the menu."""

from __future__ import annotations

from ivr.conversation import ANY_KEY, Conversation
from ivr.dialplan_variables import TO_PERSON
from ivr.menu_visit import Visit


class ElderlyFlow:
    def run(self, talk: Conversation, visit: Visit) -> bool:
        """0 and 9 keep their meaning. True: to a person. False: he pressed a key, the menu follows."""
        if talk.has_typed_ahead:
            return False
        talk.set_route(TO_PERSON)
        return not talk.say(*visit.take_opening(), "elderly-greeting", node="elderly", stop_keys=ANY_KEY)
