//! Who may do what: the matrix of D.4 as a table, and the rule that nobody audits own work (I11).
//!
//! The matrix says what a role may do; the *document* a fact stands in says who may write it (design 3). Both are
//! asked, on the phone so that the button is not there, and on the server.

use super::codes::codes;
use super::ids::UserId;

codes! {
    /// A role of a person with an account (A.9).
    pub enum Role in "role" {
        /// 现场工程师.
        Engineer = "engineer",
        /// 调度/客服.
        Dispatcher = "dispatcher",
        /// 主管/审核: supervisor and auditor are one role.
        Auditor = "auditor",
        /// 仓管.
        Storekeeper = "storekeeper",
        /// 质量, read-only.
        Quality = "quality",
        /// Administrator.
        Admin = "admin",
    }
}

impl Role {
    /// Whether the role writes as `office` (design 3, table of documents): everyone but the engineer.
    pub const fn is_office(self) -> bool {
        !matches!(self, Self::Engineer)
    }
}

codes! {
    /// An operation of D.4. Rows of the paper table whose cells mean different acts are split.
    pub enum Operation in "operation" {
        /// Create a ticket (an engineer: on site).
        CreateTicket = "create_ticket",
        /// Triage, priority, service-level policy.
        Triage = "triage",
        /// Assign, reassign, cancel.
        Assign = "assign",
        /// Accept, travel, progress, outcome.
        DoVisit = "do_visit",
        /// Draft and seal a report.
        SealReport = "seal_report",
        /// Revise a sealed report before the audit.
        ReviseSealedReport = "revise_sealed_report",
        /// Waive the customer's new signature on a revision.
        WaiveSignature = "waive_signature",
        /// Return, audit, un-audit.
        Audit = "audit",
        /// Make a provisional warranty decision.
        DecideWarranty = "decide_warranty",
        /// Confirm or override a warranty decision.
        ConfirmWarranty = "confirm_warranty",
        /// Movements of the own van or out of a cabinet shared by the team.
        MoveVanStock = "move_van_stock",
        /// Issue, receive in store, count, approve requests.
        MoveStoreStock = "move_store_stock",
        /// Resolve a conflict on a draft.
        ResolveDraftConflict = "resolve_draft_conflict",
        /// Resolve a conflict on a plan (assignment, window).
        ResolvePlanConflict = "resolve_plan_conflict",
        /// Resolve a conflict on stock.
        ResolveStockConflict = "resolve_stock_conflict",
        /// Resolve any other conflict.
        ResolveOtherConflict = "resolve_other_conflict",
        /// Callback.
        Callback = "callback",
        /// Complaints and improvement tasks.
        HandleComplaint = "handle_complaint",
        /// Hide a record, with a reason.
        HideRecord = "hide_record",
        /// Import and export master data.
        ImportMasterData = "import_master_data",
        /// Import and export parts.
        ImportParts = "import_parts",
        /// Memo, internal notes.
        WriteMemo = "write_memo",
        /// Propose an article.
        ProposeArticle = "propose_article",
        /// Approve an article.
        ApproveArticle = "approve_article",
        /// Customers and assets.
        EditMasterData = "edit_master_data",
        /// Statistics and their export.
        ReadStatistics = "read_statistics",
        /// Statistics of stock.
        ReadStockStatistics = "read_stock_statistics",
        /// Policies, prices, code lists, custom fields.
        EditPolicies = "edit_policies",
        /// Users, devices, retention, purge.
        Administer = "administer",
    }
}

/// What a role may do in an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Not at all.
    No,
    /// Only as a proposal that the owner takes over (Q27).
    Propose,
    /// Only on own visits, drafts, stock, orders.
    Own,
    /// Yes.
    Yes,
}

use Permission::{No, Own, Propose, Yes};

/// D.4. Columns: engineer, dispatcher, auditor, storekeeper, quality, admin (the order of [`Role::ALL`]).
pub const MATRIX: &[(Operation, [Permission; 6])] = &[
    (Operation::CreateTicket, [Yes, Yes, Yes, No, No, No]),
    (Operation::Triage, [Propose, Yes, Yes, No, No, No]),
    (Operation::Assign, [No, Yes, Yes, No, No, No]),
    (Operation::DoVisit, [Own, No, No, No, No, No]),
    (Operation::SealReport, [Own, No, No, No, No, No]),
    (Operation::ReviseSealedReport, [Own, No, No, No, No, No]),
    (Operation::WaiveSignature, [No, No, Yes, No, No, No]),
    (Operation::Audit, [No, No, Yes, No, No, No]),
    (Operation::DecideWarranty, [Own, Yes, No, No, No, No]),
    (Operation::ConfirmWarranty, [No, No, Yes, No, No, No]),
    (Operation::MoveVanStock, [Own, No, No, No, No, No]),
    (Operation::MoveStoreStock, [No, No, No, Yes, No, No]),
    (Operation::ResolveDraftConflict, [Own, No, Yes, No, No, No]),
    (Operation::ResolvePlanConflict, [No, Yes, Yes, No, No, No]),
    (Operation::ResolveStockConflict, [No, No, No, Yes, No, No]),
    (Operation::ResolveOtherConflict, [No, No, Yes, No, No, No]),
    (Operation::Callback, [No, Yes, Yes, No, No, No]),
    (Operation::HandleComplaint, [No, Yes, Yes, No, No, No]),
    (Operation::HideRecord, [No, Yes, Yes, No, No, Yes]),
    (Operation::ImportMasterData, [No, Yes, Yes, No, No, Yes]),
    (Operation::ImportParts, [No, Yes, Yes, Yes, No, Yes]),
    (Operation::WriteMemo, [Own, Yes, Yes, Yes, No, Yes]),
    (Operation::ProposeArticle, [Propose, Propose, Yes, No, Yes, No]),
    (Operation::ApproveArticle, [No, No, Yes, No, Yes, No]),
    (Operation::EditMasterData, [Propose, Yes, Yes, No, No, No]),
    (Operation::ReadStatistics, [Own, Yes, Yes, No, Yes, No]),
    (Operation::ReadStockStatistics, [Own, Yes, Yes, Yes, Yes, No]),
    (Operation::EditPolicies, [No, No, Yes, No, No, Yes]),
    (Operation::Administer, [No, No, No, No, No, Yes]),
];

/// What `role` may do in `operation` (D.4).
pub fn allowed(role: Role, operation: Operation) -> Permission {
    let column = Role::ALL.iter().position(|r| *r == role);
    MATRIX
        .iter()
        .find(|(op, _)| *op == operation)
        .and_then(|(_, row)| row.get(column?).copied())
        .unwrap_or(No)
}

/// The best permission of a person with several roles.
pub fn allowed_any(roles: &[Role], operation: Operation) -> Permission {
    roles
        .iter()
        .map(|role| allowed(*role, operation))
        .max()
        .unwrap_or(No)
}

/// Whether `auditor` may audit, return or un-audit work that `workers` did (I11): nobody judges own work, whatever
/// other roles the person has.
pub fn may_audit(roles: &[Role], auditor: UserId, workers: &[UserId]) -> bool {
    allowed_any(roles, Operation::Audit) == Yes && !workers.contains(&auditor)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The matrix a second time, in the letters of the paper: `y` yes, `o` own, `p` propose, `-` no.
    const PAPER: &str = "
        create_ticket           yyy---
        triage                  pyy---
        assign                  -yy---
        do_visit                o-----
        seal_report             o-----
        revise_sealed_report    o-----
        waive_signature         --y---
        audit                   --y---
        decide_warranty         oy----
        confirm_warranty        --y---
        move_van_stock          o-----
        move_store_stock        ---y--
        resolve_draft_conflict  o-y---
        resolve_plan_conflict   -yy---
        resolve_stock_conflict  ---y--
        resolve_other_conflict  --y---
        callback                -yy---
        handle_complaint        -yy---
        hide_record             -yy--y
        import_master_data      -yy--y
        import_parts            -yyy-y
        write_memo              oyyy-y
        propose_article         ppy-y-
        approve_article         --y-y-
        edit_master_data        pyy---
        read_statistics         oyy-y-
        read_stock_statistics   oyyyy-
        edit_policies           --y--y
        administer              -----y";

    #[test]
    fn d04_the_whole_matrix() {
        let rows: Vec<(&str, &str)> = PAPER
            .lines()
            .filter_map(|line| line.trim().split_once(' '))
            .map(|(a, b)| (a, b.trim()))
            .collect();
        assert_eq!(rows.len(), Operation::ALL.len());
        for operation in Operation::ALL {
            assert_eq!(
                MATRIX.iter().filter(|(op, _)| op == operation).count(),
                1,
                "{operation}"
            );
            let (_, row) = rows.iter().find(|(name, _)| *name == operation.as_str()).unwrap();
            let found: String = Role::ALL
                .iter()
                .map(|role| match allowed(*role, *operation) {
                    Yes => 'y',
                    Own => 'o',
                    Propose => 'p',
                    No => '-',
                })
                .collect();
            assert_eq!(found, *row, "{operation}");
        }
    }

    #[test]
    fn i11_nobody_audits_own_work() {
        let [a, b] = [1_u128, 2].map(|n| UserId(uuid::Uuid::from_u128(n)));
        let both = [Role::Engineer, Role::Auditor];
        assert!(may_audit(&both, a, &[b]));
        assert!(!may_audit(&both, a, &[b, a]));
        assert!(!may_audit(&[Role::Engineer, Role::Dispatcher], a, &[b]));
        assert!(!may_audit(&[], a, &[b]));
    }

    #[test]
    fn d04_several_roles_give_the_best() {
        assert_eq!(
            allowed_any(&[Role::Engineer, Role::Dispatcher], Operation::Triage),
            Yes
        );
        assert_eq!(
            allowed_any(&[Role::Engineer, Role::Quality], Operation::Triage),
            Propose
        );
        assert_eq!(allowed_any(&[], Operation::Triage), No);
        assert!(Role::Admin.is_office() && !Role::Engineer.is_office());
    }
}
