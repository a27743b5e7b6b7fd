"""Who and what there is: people in branches and groups, and the actors who manage some of it.

>>> company = Directory.of(
...     branches={"root": None, "sales": "root", "madrid": "sales"},
...     users={"ana": ["madrid"], "luis": ["sales"]},
...     groups={"coaches": ["ana"]},
... )
>>> company.is_in("ana", Scope.tree("sales")), company.is_in("ana", Scope.branch("sales"))
(True, False)
>>> company.covers(Scope.tree("root"), Scope.branch("madrid"))
True
"""

from licensing_core.directory.actors import Actor, Permission, PermissionMissing, Role, acting
from licensing_core.directory.people import MAX_DEPTH, Coverage, Directory, Forest, InvalidBranches, Person
from licensing_core.directory.scopes import EVERYONE, Content, ContentKind, Scope, ScopeKind

__all__ = [
    "EVERYONE",
    "MAX_DEPTH",
    "Actor",
    "Content",
    "ContentKind",
    "Coverage",
    "Directory",
    "Forest",
    "InvalidBranches",
    "Permission",
    "PermissionMissing",
    "Person",
    "Role",
    "Scope",
    "ScopeKind",
    "acting",
]
