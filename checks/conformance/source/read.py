"""Everything that the readers find in one source tree."""

from __future__ import annotations

from checks.conformance.source.constants import read_constants
from checks.conformance.source.facts import SourceFacts
from checks.conformance.source.fetch import Tree
from checks.conformance.source.guards import read_guards
from checks.conformance.source.judged import read_judgements
from checks.conformance.source.needs import read_needs
from checks.conformance.source.queries import read_queries
from checks.conformance.source.recovery import read_recovery
from checks.conformance.source.status import read_status
from checks.conformance.source.sync import read_synchronisation
from checks.conformance.source.tree import SourceTree
from checks.conformance.source.wrappers import read_wrappers
from checks.conformance.source.writes import read_writes


def read_source(source: Tree) -> SourceFacts:
    """The facts of *source*.  What cannot be parsed or determined is listed in ``unresolved``, never guessed.

    Takes some seconds: every path through every function that writes a state variable is followed.
    """
    tree = SourceTree(source.root)
    vocabulary = read_constants(tree)
    names, domains = vocabulary.names, vocabulary.domains
    writes, undetermined = read_writes(tree, names)
    guards, unclear = read_guards(tree, names, domains)
    needs, unlooked = read_needs(tree, names, domains)
    queries, unasked = read_queries(tree, names)
    judgements, unjudged = read_judgements(tree, names, domains)
    branches, recovered, missing = read_recovery(tree, names, domains, writes)
    synchronisation, lacking = read_synchronisation(tree, names, domains)
    status, unmapped = read_status(tree, names, domains)
    unresolved = [*vocabulary.unresolved, *tree.unreadable, *undetermined, *unclear, *unlooked, *unasked]
    unresolved += [*unjudged, *missing, *lacking, *unmapped]
    return SourceFacts(
        source.version,
        tuple(sorted(d.place(d.node) for module in tree.citable() for d in module.definitions.values())),
        tuple(sorted(vocabulary.constants, key=lambda constant: (constant.place, constant.name))),
        tuple(guards),
        tuple(writes),
        tuple(read_wrappers(tree)),
        tuple(branches),
        tuple(recovered),
        tuple(synchronisation),
        tuple(status),
        tuple(sorted(set(unresolved), key=lambda item: (item.place, item.what))),
        tuple(sorted([*needs, *queries, *judgements], key=lambda each: (each.place, each.word or ""))),
    )
