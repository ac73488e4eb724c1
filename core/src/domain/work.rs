//! The words of field service: states, priorities, kinds. Only names; what may follow what is in `transitions`.
//!
//! Every list is closed and its codes are kept in facts for ever (D.2, D.3, A.8).

use super::codes::codes;

codes! {
    /// Fine state of a work order (D.3).
    pub enum OrderState in "order_state" {
        /// Triaged, nobody assigned; or given back.
        Open = "open",
        /// Assigned, not answered yet.
        Dispatched = "dispatched",
        /// The engineer took it.
        Accepted = "accepted",
        /// On the way.
        Travelling = "travelling",
        /// At the customer's.
        OnSite = "on_site",
        /// Working on the customer's machine from afar, with consent (000-14).
        Remote = "remote",
        /// Waits for parts (F-16).
        WaitingParts = "waiting_parts",
        /// Waits for the customer.
        WaitingCustomer = "waiting_customer",
        /// Cannot go on, reason given (001-13).
        Blocked = "blocked",
        /// Work ended with an outcome.
        WorkDone = "work_done",
        /// Report sealed by signature, or refusal recorded.
        Signed = "signed",
        /// Handed in.
        Submitted = "submitted",
        /// Sent back by the auditor.
        Returned = "returned",
        /// Frozen (Y-15).
        Audited = "audited",
        /// Cancelled by the office.
        Cancelled = "cancelled",
    }
}

codes! {
    /// The four statuses that people see (Y-13), and cancelled.
    pub enum VisibleStatus in "visible_status" {
        /// 待处理.
        ToDo = "to_do",
        /// 已出单派工.
        Dispatched = "dispatched",
        /// 售后完成.
        Done = "done",
        /// 审核完成.
        Audited = "audited",
        /// 已取消.
        Cancelled = "cancelled",
    }
}

/// The visible status of a fine state (D.3, first column).
pub const fn visible_of(state: OrderState) -> VisibleStatus {
    match state {
        OrderState::Open => VisibleStatus::ToDo,
        OrderState::Dispatched
        | OrderState::Accepted
        | OrderState::Travelling
        | OrderState::OnSite
        | OrderState::Remote
        | OrderState::WaitingParts
        | OrderState::WaitingCustomer
        | OrderState::Blocked
        | OrderState::WorkDone
        | OrderState::Signed => VisibleStatus::Dispatched,
        OrderState::Submitted | OrderState::Returned => VisibleStatus::Done,
        OrderState::Audited => VisibleStatus::Audited,
        OrderState::Cancelled => VisibleStatus::Cancelled,
    }
}

codes! {
    /// State of a ticket over all its work orders (D.3).
    pub enum TicketState in "ticket_state" {
        /// Recorded.
        Received = "received",
        /// Class and priority confirmed.
        Triaged = "triaged",
        /// At least one work order runs.
        InWork = "in_work",
        /// Solved, to be confirmed.
        Solved = "solved",
        /// The customer confirmed.
        Confirmed = "confirmed",
        /// Ended with result and confirmation, or by Q24.
        Closed = "closed",
        /// Came back.
        Reopened = "reopened",
        /// Joined to another ticket; both numbers resolve.
        Merged = "merged",
    }
}

codes! {
    /// Priority (F-06 to F-08, Q11).
    pub enum Priority in "priority" {
        /// 紧急.
        P1 = "p1",
        /// 重要.
        P2 = "p2",
        /// 一般.
        P3 = "p3",
    }
}

codes! {
    /// How a ticket reached the company (000-28, F-02).
    pub enum Channel in "channel" {
        /// The service number.
        Phone = "phone",
        /// Chat on the web page.
        WebChat = "web_chat",
        /// Official account (公众号).
        OfficialAccount = "official_account",
        /// The customer's account manager.
        AccountManager = "account_manager",
        /// The customer came.
        WalkIn = "walk_in",
        /// A letter or mail.
        Letter = "letter",
        /// Noticed while visiting a user.
        Visit = "visit",
        /// Founded by an engineer on site (000-28).
        OnSite = "on_site",
    }
}

codes! {
    /// The way of one attempt to solve; the ladder of 000-13.
    pub enum AttemptChannel in "attempt_channel" {
        /// By phone.
        Phone = "phone",
        /// On the customer's machine from afar.
        Remote = "remote",
        /// At the customer's.
        OnSite = "onsite",
        /// In our workshop.
        Depot = "depot",
    }
}

codes! {
    /// Class of a ticket (F-05, 000-01, 000-02).
    pub enum Category in "category" {
        /// Technical support.
        Support = "support",
        /// After-sales: repair, exchange, installation.
        Service = "service",
        /// Complaint.
        Complaint = "complaint",
        /// Suggestion.
        Suggestion = "suggestion",
        /// Enquiry.
        Enquiry = "enquiry",
    }
}

codes! {
    /// What a work order is for (000-21, 000-26, M-11).
    pub enum OrderType in "order_type" {
        /// Repair or replacement.
        Repair = "repair",
        /// Installation.
        Install = "install",
        /// Teaching the user.
        Training = "training",
        /// Planned maintenance.
        Maintenance = "maintenance",
        /// Inspection round.
        Inspection = "inspection",
        /// Visit to a key customer.
        CareVisit = "care_visit",
    }
}

codes! {
    /// How a visit ended (D.2).
    pub enum Outcome in "outcome" {
        /// The fault is gone.
        Solved = "solved",
        /// Not solved; a reason goes with it (000-12).
        Unresolved = "unresolved",
        /// Parts are needed first.
        NeedsParts = "needs_parts",
        /// Nobody there.
        CustomerAbsent = "customer_absent",
        /// Nothing found.
        NoFaultFound = "no_fault_found",
    }
}

codes! {
    /// The customer's opinion on the report: three ways (000-30).
    pub enum OpinionKind in "opinion" {
        /// Satisfied.
        Satisfied = "satisfied",
        /// An opinion in words.
        Opinion = "opinion",
        /// Refuses to sign; reason and witness go with it.
        Refused = "refused",
    }
}

codes! {
    /// A sign of damage on a key (000-16). The first four are the rule's; the fifth keeps its list open (等现象).
    pub enum Symptom in "symptom" {
        /// 外壳变形.
        ShellDeformed = "shell_deformed",
        /// 外壳破裂.
        ShellCracked = "shell_cracked",
        /// USB 接头与 PCB 板断裂.
        UsbPlugBrokenOffBoard = "usb_plug_broken_off_board",
        /// 内壳进水或有水雾.
        WaterOrMistInside = "water_or_mist_inside",
        /// Anything else to be seen; a supervisor decides.
        OtherVisibleDamage = "other_visible_damage",
    }
}

codes! {
    /// What a photo shows (D.2, Attachment).
    pub enum PhotoSubject in "photo" {
        /// The unit as a whole.
        Device = "device",
        /// Its label, card or invoice (W-01, W-09).
        Label = "label",
        /// A sign of damage of the rule's list (000-16).
        Symptom = "symptom",
        /// Other damage.
        Damage = "damage",
        /// The site.
        Site = "site",
        /// What was taken from or given to the customer (W-19).
        Custody = "custody",
        /// Anything else.
        Other = "other",
    }
}

codes! {
    /// What a customer agreed to (D.2, Consent).
    pub enum ConsentKind in "consent" {
        /// Remote work (000-14).
        Remote = "remote",
        /// Work and its price.
        WorkAndPrice = "work_and_price",
        /// A later due time (F-20).
        Extension = "extension",
        /// A copy of a sealed document (000-15).
        SensitiveCopy = "sensitive_copy",
        /// Recording the place.
        Location = "location",
    }
}

codes! {
    /// How a consent was given.
    pub enum ConsentWay in "consent_way" {
        /// Spoken.
        Spoken = "spoken",
        /// By signature.
        Signature = "signature",
        /// By message.
        Message = "message",
    }
}

codes! {
    /// Whose quality a finding is about (000-28b).
    pub enum QualityKind in "quality_kind" {
        /// Product.
        Product = "product",
        /// Service.
        Service = "service",
        /// Installation.
        Installation = "installation",
    }
}

codes! {
    /// Kind of a charge line (D.2).
    pub enum ChargeKind in "charge_kind" {
        /// Parts and goods.
        Parts = "parts",
        /// Travel (W-16, Q7).
        Travel = "travel",
        /// Working time (W-17).
        Labour = "labour",
    }
}

codes! {
    /// Kind of a time entry (D.2).
    pub enum TimeKind in "time_kind" {
        /// Travelling.
        Travel = "travel",
        /// Working.
        Work = "work",
        /// Waiting.
        Wait = "wait",
    }
}

codes! {
    /// How much a conflict asks of a person (D.3).
    pub enum Severity in "severity" {
        /// To know.
        Info = "info",
        /// Somebody has to decide.
        Action = "action",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn y13_every_state_shows_as_one_of_four_or_cancelled() {
        let visible = |wanted: VisibleStatus| -> Vec<&str> {
            OrderState::ALL
                .iter()
                .filter(|s| visible_of(**s) == wanted)
                .map(|s| s.as_str())
                .collect()
        };
        assert_eq!(visible(VisibleStatus::ToDo), ["open"]);
        assert_eq!(visible(VisibleStatus::Done), ["submitted", "returned"]);
        assert_eq!(visible(VisibleStatus::Audited), ["audited"]);
        assert_eq!(visible(VisibleStatus::Cancelled), ["cancelled"]);
        assert_eq!(visible(VisibleStatus::Dispatched).len(), 10);
    }

    #[test]
    fn codes_are_stable_and_read_back() {
        for state in OrderState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
            assert_eq!(
                serde_json::to_value(state).unwrap(),
                serde_json::json!(state.as_str())
            );
            assert_eq!(
                serde_json::from_value::<OrderState>(serde_json::json!(state.as_str())).unwrap(),
                *state
            );
        }
        assert_eq!(OrderState::OnSite.text_key(), "order_state.on_site");
        assert!("nonsense".parse::<OrderState>().is_err());
        let golden: Vec<&str> = Symptom::ALL.iter().map(|s| s.as_str()).collect();
        assert_eq!(
            golden,
            [
                "shell_deformed",
                "shell_cracked",
                "usb_plug_broken_off_board",
                "water_or_mist_inside",
                "other_visible_damage"
            ]
        );
    }
}
