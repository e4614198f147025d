"""The closed sets of words about visits, reports and fees, with their Chinese labels."""

from __future__ import annotations

from enum import StrEnum


class VisitKind(StrEnum):
    OUTPATIENT = "outpatient"
    INPATIENT = "inpatient"
    EMERGENCY = "emergency"
    CHECK_UP = "check_up"


class ReportKind(StrEnum):
    LAB = "lab"
    IMAGING = "imaging"
    PATHOLOGY = "pathology"
    FUNCTION = "function"
    """心电图, 肺功能 and the like."""


class FeeKind(StrEnum):
    """What a patient pays for (A6.5)."""

    REGISTRATION = "registration"
    DRUG = "drug"
    TREATMENT = "treatment"
    EXAMINATION = "examination"
    LAB = "lab"
    SURGERY = "surgery"
    BED = "bed"
    NURSING = "nursing"
    MATERIAL = "material"
    OTHER = "other"


VISIT_TITLES = {
    VisitKind.OUTPATIENT: "门诊",
    VisitKind.INPATIENT: "住院",
    VisitKind.EMERGENCY: "急诊",
    VisitKind.CHECK_UP: "体检",
}
REPORT_TITLES = {
    ReportKind.LAB: "化验",
    ReportKind.IMAGING: "影像",
    ReportKind.PATHOLOGY: "病理",
    ReportKind.FUNCTION: "功能检查",
}
FEE_TITLES = {
    FeeKind.REGISTRATION: "挂号费",
    FeeKind.DRUG: "药费",
    FeeKind.TREATMENT: "诊疗费",
    FeeKind.EXAMINATION: "检查费",
    FeeKind.LAB: "化验费",
    FeeKind.SURGERY: "手术费",
    FeeKind.BED: "床位费",
    FeeKind.NURSING: "护理费",
    FeeKind.MATERIAL: "材料费",
    FeeKind.OTHER: "其他费用",
}
