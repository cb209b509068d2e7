"""What power synchronisation does for each vm_state and each power state that the driver can report."""

from __future__ import annotations

from checks.conformance.source.facts import Place, Synchronisation, Unresolved
from checks.conformance.source.interpret import Interpreter, Path
from checks.conformance.source.tree import SourceTree
from checks.conformance.source.values import Literal, State, Unknown, Value

FILE = "nova/compute/manager.py"
OWNER = "ComputeManager"
NAME = "_sync_instance_power_state"
HELPERS = ("_stop_unexpected_shutdown_instance",)
API = "compute_api."


def read_synchronisation(
    tree: SourceTree, vocabulary: dict[str, Value], domains: dict[str, tuple[str, ...]]
) -> tuple[list[Synchronisation], list[Unresolved]]:
    """One cell for each (vm_state, power_state), with the instance on this host and without a task.

    ``actions`` are the API's methods that some way through the function calls, in the order of the source.
    """
    module = tree.module(FILE)
    definition = module.find(NAME, OWNER) if module else None
    if definition is None:
        return [], [Unresolved(Place(FILE, OWNER, 1), f"no {NAME} could be read")]
    entered = frozenset(f"{OWNER}.{helper}" for helper in HELPERS)
    parameters = [a.arg for a in definition.node.args.args]
    reported_as = next((name for name in parameters if name.endswith("power_state")), "vm_power_state")
    found = []
    for vm in domains["vm_state"]:
        for power in domains["power_state"]:
            reported = State("power_state", power)
            record: dict[str, Value] = {
                "vm_state": State("vm_state", vm),
                "task_state": Literal(None),
                "power_state": Unknown("power_state"),
            }
            interpreter = Interpreter(tree, vocabulary, reported, entered)
            paths = interpreter.run(definition, Path({reported_as: reported}, record))
            actions = {
                action.removeprefix(API): line
                for path in paths
                for action, line in zip(path.actions, path.lines, strict=False)
                if action.startswith(API)
            }
            found.append(Synchronisation(vm, power, tuple(sorted(actions, key=lambda name: actions[name]))))
    return found, []
