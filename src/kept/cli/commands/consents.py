"""How does the owner write down what a person said yes or no to?"""

from kept.base.encoding import Json
from kept.cli.commands.call import Call
from kept.vault.acts.consent import Answer, record_consent
from kept.vault.model.gate import ConsentState
from kept.vault.model.rules import Lang


def give(call: Call) -> Json:
    """The person said yes."""
    return _record(call, ConsentState.GIVEN)


def withdraw(call: Call) -> Json:
    """The person took a yes back."""
    return _record(call, ConsentState.WITHDRAWN)


def _record(call: Call, state: ConsentState) -> Json:
    house, purpose = call.house, call.text("purpose")
    rule = house.book.rules.purposes.get(purpose)
    lang: Lang = "ru" if call.lang == "ru" else "en"
    words = call.text("words") or (rule.line.get(lang) if rule else "")
    answer = Answer(state, lang, words, call.text("method", "spoken"), source=call.text("source"))
    act = house.db.write(
        lambda tx: record_consent(
            tx,
            house.vault,
            actor=call.actor,
            person=call.person(),
            purpose=purpose,
            answer=answer,
            now=house.clock.now(),
        )
    )
    return {"id": call.text("id"), "purpose": purpose, "state": state.value, "act": act}
