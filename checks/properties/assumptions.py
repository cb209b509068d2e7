"""The assumptions under which a liveness property is decided; each is named beside every verdict that uses it."""

from __future__ import annotations

from checks.properties.definition import Assumption

ASSUMPTIONS = {
    assumption.id: assumption
    for assumption in (
        Assumption("progress", "a process in flight that can take a step takes one eventually (weak fairness)"),
        Assumption("delivery", "a message that was not lost is taken once its service is available"),
        Assumption("return", "a service that is down starts again, and its recovery runs (weak fairness)"),
        Assumption("finite-failures", "in one execution only finitely many steps fail of themselves"),
        Assumption("finite-crashes", "in one execution services crash only finitely often"),
        Assumption("periodic", "a periodic task whose condition keeps holding runs again and again (strong fairness)"),
        Assumption("cooperation", "it is possible when no step fails, no message is lost and no service dies"),
    )
}

#: What every fair termination rests on.
FAIRNESS = ("progress", "delivery", "return", "finite-failures", "finite-crashes", "periodic")
