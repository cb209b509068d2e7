"""The properties, each once, in the words of the tables' predicates."""

# ruff: noqa: RUF001 - Chinese is written with Chinese punctuation

from __future__ import annotations

from checks.properties.assumptions import FAIRNESS
from checks.properties.definition import OPERATION, Always, Leaves, OfTables, Possible, Property
from checks.properties.formula import (
    And,
    BesideGuest,
    ByMarker,
    Changed,
    Crashed,
    Fails,
    Is,
    Kept,
    Kind,
    Not,
    NotUndone,
    Pending,
    Promised,
    Quiet,
    RoundTrip,
    Same,
    Undelivered,
    applicable,
    both,
    either,
)
from model.lifecycle import Lifecycle, Scenario, Text

PRESENT, REST, FAILED, GONE = Is("present"), Is("rest"), Is("failed"), Is("gone")
PRESENT_AFTER, REST_AFTER, FAILED_AFTER, GONE_AFTER = (
    Is(name, after=True) for name in ("present", "rest", "failed", "gone")
)
#: Kinds of processes that a user does not start.
UNASKED = frozenset({"event", "periodic", "recovery"})
#: A step of such a process, and not of one to which a request has handed over.
UNASKED_FOR = both(Kind(UNASKED), Not(Kind(frozenset({"request", "admin"}))))

PROPERTIES: tuple[Property, ...] = (
    Property(
        "rest",
        Text("nothing in flight implies that the task is None", "没有进行中的请求时，任务必为空"),
        "AG ((present & quiet) -> rest)",
        Always(both(PRESENT, Quiet(), Not(REST)), both(PRESENT, Quiet())),
        ("phase", "lock"),
    ),
    Property(
        "settles",
        Text(
            "with nothing in flight and no task the phase is one in which an instance may stay",
            "没有进行中的请求且任务为空时，状态是可以停留的状态",
        ),
        "AG ((present & quiet & rest) -> !passing)",
        Always(both(PRESENT, Quiet(), REST, Is("passing")), both(PRESENT, Quiet(), REST)),
        ("phase",),
        unless=frozenset({"crash", "periodic"}),  # what a crash leaves in passing is what recovery is there for
    ),
    Property(
        "consistent",
        Text(
            "with nothing in flight and no task what is kept beside the phase belongs to it",
            "没有进行中的请求且任务为空时，状态旁保存的内容与状态相符",
        ),
        "AG ((present & quiet & rest) -> !inconsistent)",
        Always(both(PRESENT, Quiet(), REST, Is("inconsistent")), both(PRESENT, Quiet(), REST)),
        ("phase", "inconsistent"),
    ),
    Property(
        "exclusive",
        Text(
            "a task of None implies nothing in flight that will still write the state",
            "任务为空时，不存在还会写状态的进行中的请求",
        ),
        "AG ((present & rest) -> !pending)",
        Always(both(PRESENT, REST, Pending()), both(PRESENT, REST)),
        ("phase",),
    ),
    Property(
        "terminates",
        Text(
            "every task ends: the task returns to None, or the instance is deleted, under fair scheduling",
            "公平调度下每个任务都会结束：任务回到空，或被删除",
        ),
        "AG ((present & !rest) -> AF (rest | gone))",
        Leaves(both(PRESENT, Not(REST))),
        ("phase", "lock"),
        assumptions=FAIRNESS,
    ),
    Property(
        "deletable",
        Text(
            "from every state user requests alone can reach deletion",
            "从任何状态出发，仅凭用户请求都能到达删除",
        ),
        "AG (present -> EF_{request, recovery} gone)",
        Possible(PRESENT, GONE, frozenset({"request", "recovery"}), everywhere=True),
        ("phase", "lock"),
        assumptions=("cooperation", "return"),
    ),
    Property(
        "delete-wins",
        Text(
            "an accepted delete ends in deletion, or in the failed state by its own failure: nothing undoes it",
            "已接受的删除最终完成删除，或因自身失败进入错误状态：其他流程不会撤销它",
        ),
        "AG !(present & deleting & X (!deleting & !deleted & !gone & !(failed & by-{deleter, recovery}) & !by-admin))",
        Always(
            both(
                PRESENT,
                Is("deleting"),
                Not(Is("deleting", after=True)),
                Not(Is("deleted", after=True)),
                Not(GONE_AFTER),
                Not(both(FAILED_AFTER, either(ByMarker("deleting"), Kind(frozenset({"recovery"}))))),
                Not(Kind(frozenset({"admin"}))),
            ),
            both(PRESENT, Is("deleting"), Changed("lock")),
        ),
        ("phase", "lock"),
    ),
    Property(
        "spares",
        Text(
            "nothing that nobody asked for deletes an instance that has neither been deleted nor failed",
            "无人请求的流程不会删除既未被删除也未失败的实例",
        ),
        "AG !(present & !deleted & !deleting & !failed & by-unasked & X (deleted | gone))",
        Always(
            both(
                PRESENT,
                Not(either(Is("deleted"), Is("deleting"), FAILED)),
                UNASKED_FOR,
                either(Is("deleted", after=True), GONE_AFTER),
            ),
            both(PRESENT, Not(either(Is("deleted"), Is("deleting"), FAILED)), UNASKED_FOR),
        ),
        ("phase", "lock"),
        needs=frozenset({"periodic"}),
    ),
    Property(
        "final",
        Text("a destroyed row stays destroyed: nothing brings it back", "已删除的记录不会恢复：没有任何流程能使其重现"),
        "AG (gone -> AX gone)",
        Always(both(GONE, Not(GONE_AFTER)), GONE_AFTER),
        ("phase",),
    ),
    Property(
        "recovers",
        Text("after a crash and restart no task stays for ever", "服务崩溃并重启后，没有任务永远停留"),
        "AG (crashed -> AG ((present & !rest) -> AF (rest | gone)))",
        Leaves(both(PRESENT, Not(REST)), after=Crashed()),
        ("phase", "lock"),
        needs=frozenset({"crash"}),
        assumptions=FAIRNESS,
    ),
    Property(
        "stable",
        Text("the phase changes only where a task ends, or fails", "状态只在任务结束或失败时改变"),
        "AG !(present & X(present & phase changed & !rest & !failed))",
        Always(
            both(PRESENT, PRESENT_AFTER, Changed("phase"), Not(REST_AFTER), Not(FAILED_AFTER)),
            both(PRESENT, PRESENT_AFTER, Changed("phase")),
        ),
        ("phase", "lock"),
    ),
    Property(
        "fails-visibly",
        Text(
            "a task that fails and is not rolled back leaves the failed state",
            "失败且未回滚的任务会留下错误状态",
        ),
        "AG (present & a process fails -> failed | gone | (rest & phase and truth as at its start))",
        Always(
            both(
                PRESENT,
                Fails(),
                Not(FAILED_AFTER),
                Not(GONE_AFTER),
                Not(both(REST_AFTER, Kept("phase"), Kept("truth"))),
            ),
            both(PRESENT, Fails()),
        ),
        (OPERATION, "phase", "lock"),
        unless=frozenset({"outside"}),  # where the guest changes by itself, its truth need not be as at the start
    ),
    Property(
        "restores",
        Text(
            "a failure that is rolled back restores the earlier phase",
            "失败回滚后恢复原先的状态",
        ),
        "AG (present & a process fails & rest & !failed & !gone -> phase as at its start)",
        Always(
            both(PRESENT, Fails(), REST_AFTER, Not(FAILED_AFTER), Not(GONE_AFTER), Not(Kept("phase"))),
            both(PRESENT, Fails(), REST_AFTER),
        ),
        (OPERATION, "phase"),
        unless=frozenset({"crash"}),  # a process that a crash ends, or a recovery that aborts, rolls nothing back
    ),
    Property(
        "undoes",
        Text(
            "an operation that undoes another, with nothing in between, restores what was there before",
            "紧接着执行的撤销操作恢复原先的状态",
        ),
        "AG !(undoing, straight after what it undoes, leaves something else than what was there before)",
        Always(NotUndone(), RoundTrip()),
        (OPERATION, "phase"),
        unless=frozenset({"crash", "lose", "admin", "outside"}),  # a round trip is one of requests
    ),
    Property(
        "delivers",
        Text(
            "an operation in which nothing fails, and which nothing disturbs, leaves what it promises",
            "未失败且未受干扰的操作留下其所承诺的结果",
        ),
        "AG (a process ends & nothing has failed on its way & nothing else has happened meanwhile -> what it promises)",
        Always(Undelivered(), Promised()),
        (OPERATION, "phase", "lock", "report", "truth"),
        unless=frozenset({"lose"}),  # what is lost fails, and the rest runs as without
    ),
    Property(
        "power-from-compute",
        Text(
            "only a service beside the guest writes what is reported of the guest",
            "只有虚拟机旁的服务会写其上报状态",
        ),
        "AG !(present & X(report changed) & !beside-guest)",
        Always(
            both(PRESENT, Changed("report"), Not(BesideGuest())),
            both(PRESENT, Changed("report")),
        ),
        ("report",),
    ),
    Property(
        "reconciles",
        Text(
            "a conflict between the phase and the truth is corrected or reported without anybody's request",
            "状态与真实情况的冲突无需请求即被纠正或上报",
        ),
        "AG ((present & quiet & rest & conflict) -> EF_unasked (!conflict | report = truth | gone))",
        Possible(
            both(PRESENT, Quiet(), REST, Is("conflict")),
            either(Not(Is("conflict")), Same("report", "truth"), GONE),
            UNASKED,
        ),
        ("phase", "report", "truth"),
        needs=frozenset({"outside"}),
        assumptions=("cooperation",),
    ),
    Property(
        "guards-agree",
        Text(
            "whatever passes an API guard can take its first save, undisturbed; what may be repeated may at each mark",
            "通过 API 守卫的请求在不受干扰时都能完成第一次保存；可以重复的请求在其每个任务标记下都可以重复",
        ),
        "for every record: guard -> first save accepts; a repeatable request is repeatable at each of its marks",
        OfTables("guards-agree"),
        ("guard", "save", "lock"),
    ),
    Property(
        "alive",
        Text(
            "no row is dead; every state but the terminal ones has a way out",
            "没有死行；除终止状态外每个状态都有出路",
        ),
        "EF row, for every row; AG ((quiet & !gone & phase not terminal) -> EF phase changed)",
        OfTables("alive"),
        ("row", "phase", "lock"),
    ),
)


def properties(lifecycle: Lifecycle) -> tuple[Property, ...]:
    """The properties that can be asked of *lifecycle*: those of whose words its tables define all."""
    return tuple(one for one in PROPERTIES if all(applicable(formula, lifecycle) for formula in formulas(one)))


def formulas(one: Property) -> tuple[And, ...]:
    """Every formula in the definition of *one*."""
    match one.form:
        case Always(bad=bad, premise=premise):
            return (both(bad), both(premise))
        case Leaves(region=region, after=None):
            return (both(region),)
        case Leaves(region=region, after=after) if after is not None:
            return (both(region), both(after))
        case Possible(premise=premise, goal=goal):
            return (both(premise), both(goal))
        case _:
            return ()


def asked(one: Property, scenario: Scenario) -> bool:
    """Whether *one* is asked in *scenario*: it has what the property is about, and nothing that it is not about."""
    features = set(scenario.kinds) | {name for name in ("crash", "lose") if getattr(scenario, name)}
    return one.needs <= features and not one.unless & features
