"""Who may see, buy, name, manage and enroll what, and why not.

Each question answers with a `Verdict`; each list holds exactly what passes its question. Unknown and invisible
things are refused alike (decision 12).
"""

from licensing_core.visibility.buying import (
    KindNotAllowed,
    PlanNotVisible,
    PurchaseBySuperadmin,
    audience_of,
    can_buy_publicly,
    can_see_plan,
    in_audience,
    is_public,
    plans_for,
    public_plans,
)
from licensing_core.visibility.enrolling import (
    ContentNotAssigned,
    ContentNotInPackage,
    PageMode,
    can_edit_enrollment,
    can_enroll_in,
    can_open_enrollment_page,
    enrollable,
    enrollment_page,
)
from licensing_core.visibility.managing import (
    PoolNotVisible,
    can_manage,
    candidates,
    candidates_to_confirm,
    candidates_to_unassign,
    eligible,
    managed,
    manages_enrollment,
)
from licensing_core.visibility.naming import (
    BeneficiaryKind,
    BeneficiaryNotAllowed,
    BeneficiaryRequired,
    beneficiaries,
    can_name,
    can_record_for,
)

__all__ = [
    "BeneficiaryKind",
    "BeneficiaryNotAllowed",
    "BeneficiaryRequired",
    "ContentNotAssigned",
    "ContentNotInPackage",
    "KindNotAllowed",
    "PageMode",
    "PlanNotVisible",
    "PoolNotVisible",
    "PurchaseBySuperadmin",
    "audience_of",
    "beneficiaries",
    "can_buy_publicly",
    "can_edit_enrollment",
    "can_enroll_in",
    "can_manage",
    "can_name",
    "can_open_enrollment_page",
    "can_record_for",
    "can_see_plan",
    "candidates",
    "candidates_to_confirm",
    "candidates_to_unassign",
    "eligible",
    "enrollable",
    "enrollment_page",
    "in_audience",
    "is_public",
    "managed",
    "manages_enrollment",
    "plans_for",
    "public_plans",
]
