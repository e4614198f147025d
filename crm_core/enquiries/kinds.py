"""The closed sets of words about enquiries, with their Chinese labels."""

from __future__ import annotations

from enum import StrEnum


class KnowledgeKind(StrEnum):
    HOSPITAL = "hospital"
    DEPARTMENT = "department"
    DOCTOR = "doctor"
    PROCEDURE = "procedure"
    DIRECTIONS = "directions"
    CAUTIONS = "cautions"


class ItemKind(StrEnum):
    """What the price list knows (A6.3)."""

    DRUG = "drug"
    TREATMENT = "treatment"
    EXAMINATION = "examination"
    LAB = "lab"
    BED = "bed"


class InsuranceKind(StrEnum):
    EMPLOYEE = "employee"
    RESIDENT = "resident"
    RURAL = "rural"
    COMMERCIAL = "commercial"


class EnquiryKind(StrEnum):
    """What callers ask about (C108)."""

    EXPERT = "expert"
    DEPARTMENT = "department"
    DRUG = "drug"
    PRICE = "price"
    INSURANCE = "insurance"
    FEE = "fee"
    PROCEDURE = "procedure"
    DIRECTIONS = "directions"
    HOSPITAL = "hospital"
    OTHER = "other"


KNOWLEDGE_TITLES = {
    KnowledgeKind.HOSPITAL: "医院",
    KnowledgeKind.DEPARTMENT: "科室",
    KnowledgeKind.DOCTOR: "专家",
    KnowledgeKind.PROCEDURE: "流程",
    KnowledgeKind.DIRECTIONS: "来院路线",
    KnowledgeKind.CAUTIONS: "注意事项",
}
ITEM_TITLES = {
    ItemKind.DRUG: "药品",
    ItemKind.TREATMENT: "诊疗",
    ItemKind.EXAMINATION: "检查",
    ItemKind.LAB: "化验",
    ItemKind.BED: "床位",
}
INSURANCE_TITLES = {
    InsuranceKind.EMPLOYEE: "职工医保",
    InsuranceKind.RESIDENT: "居民医保",
    InsuranceKind.RURAL: "新农合",
    InsuranceKind.COMMERCIAL: "商业保险",
}
ENQUIRY_TITLES = {
    EnquiryKind.EXPERT: "专家",
    EnquiryKind.DEPARTMENT: "科室",
    EnquiryKind.DRUG: "药品",
    EnquiryKind.PRICE: "价格",
    EnquiryKind.INSURANCE: "医保",
    EnquiryKind.FEE: "费用",
    EnquiryKind.PROCEDURE: "流程",
    EnquiryKind.DIRECTIONS: "来院路线",
    EnquiryKind.HOSPITAL: "医院",
    EnquiryKind.OTHER: "其他",
}
