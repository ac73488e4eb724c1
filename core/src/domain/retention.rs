//! How long what belongs to a ticket is kept (F-29, N7, Q9).
//!
//! Invariants (I12): the floor is never earlier than three years after the closing, nor earlier than one year after the last
//! day of any warranty of its units; what is open, or whose warranty nobody knows, has no day from which it may go. Nothing
//! in this program removes anything; the floor says from which day an administrator could be allowed to.

use chrono::NaiveDate;

use super::calendar::{add_months, add_years};
use super::policy::{StartDate, WarrantyPolicy};
use super::warranty::WarrantyDates;

/// Years after the closing (N7, `retention.min`).
pub const YEARS_AFTER_CLOSING: u32 = 3;
/// Years after the last warranty of a unit (Q9): a dispute may need the old decision.
pub const YEARS_AFTER_WARRANTY: u32 = 1;

/// The last day of a unit's warranty by its dates, whichever of the policies holds for it: the latest day that any of them
/// gives. `None` where no date starts a period.
///
/// The first day is always counted in full here (Q31), so the day is never too early.
pub fn last_warranty_day<'p>(
    dates: &WarrantyDates,
    policies: impl IntoIterator<Item = &'p WarrantyPolicy>,
) -> Option<NaiveDate> {
    let by_policy = policies.into_iter().flat_map(|policy| {
        let (starts, months) = match policy {
            WarrantyPolicy::Eseal(policy) => (&policy.start_from, policy.period_months),
            WarrantyPolicy::WeakCurrent(policy) => (&policy.start_from, policy.repair_months),
        };
        let start = |from: &StartDate| match from {
            StartDate::AppliedOn => dates.applied_on,
            StartDate::SoldOn => dates.sold_on,
            StartDate::AcceptedOn => dates.accepted_on,
        };
        let last = starts.iter().filter_map(start).max();
        last.map(|day| add_months(day, months).unwrap_or(NaiveDate::MAX))
    });
    by_policy.max().max(dates.maker_warranty_end)
}

/// The day until which a ticket with everything of it is kept, that day included: of a ticket closed on `closed` with these
/// units' last warranty days. `None`: for ever, as long as it is open, or a unit's warranty is not known.
pub fn kept_until(closed: Option<NaiveDate>, warranties: &[Option<NaiveDate>]) -> Option<NaiveDate> {
    let mut until = add_years(closed?, YEARS_AFTER_CLOSING)?;
    for last in warranties {
        until = until.max(add_years((*last)?, YEARS_AFTER_WARRANTY)?);
    }
    Some(until)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::policy::Packs;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn f29_three_years_after_the_closing_and_one_after_the_last_warranty() {
        let closed = Some(date("2026-11-27"));
        assert_eq!(kept_until(closed, &[]), Some(date("2029-11-27")));
        // A key of 2026-05-02 is covered to 2029-05-02, one of 2029-01-31 to 2032-01-31.
        assert_eq!(
            kept_until(closed, &[Some(date("2029-05-02"))]),
            Some(date("2030-05-02"))
        );
        let both = [Some(date("2024-01-01")), Some(date("2032-01-31"))];
        assert_eq!(kept_until(closed, &both), Some(date("2033-01-31")));
        assert_eq!(
            kept_until(Some(date("2024-02-29")), &[]),
            Some(date("2027-02-28")),
            "Q21"
        );
        assert_eq!(kept_until(None, &both), None, "open");
        assert_eq!(kept_until(closed, &[None]), None, "nobody knows the warranty");
    }

    #[test]
    fn f29_the_latest_day_that_any_policy_gives() {
        let packs = Packs::builtin().unwrap();
        let key = WarrantyDates {
            applied_on: Some(date("2026-05-02")),
            ..WarrantyDates::default()
        };
        assert_eq!(last_warranty_day(&key, &packs.warranty), Some(date("2029-05-02")));
        let goods = WarrantyDates {
            sold_on: Some(date("2026-05-02")),
            accepted_on: Some(date("2026-06-30")),
            maker_warranty_end: Some(date("2026-12-31")),
            ..WarrantyDates::default()
        };
        assert_eq!(
            last_warranty_day(&goods, &packs.warranty),
            Some(date("2027-06-30"))
        );
        let longer = WarrantyDates {
            maker_warranty_end: Some(date("2031-01-01")),
            ..goods
        };
        assert_eq!(
            last_warranty_day(&longer, &packs.warranty),
            Some(date("2031-01-01"))
        );
        assert_eq!(
            last_warranty_day(&WarrantyDates::default(), &packs.warranty),
            None
        );
    }

    fn days() -> impl Strategy<Value = NaiveDate> {
        (0_i32..40_000).prop_map(|n| NaiveDate::from_num_days_from_ce_opt(720_000 + n).unwrap())
    }

    proptest! {
        #[test]
        fn i12_nothing_goes_before_its_time(
            closed in days(),
            warranties in proptest::collection::vec(days(), 0..5),
        ) {
            let known: Vec<_> = warranties.iter().copied().map(Some).collect();
            let until = kept_until(Some(closed), &known).unwrap();
            prop_assert!(until >= add_years(closed, 3).unwrap());
            for last in &warranties {
                prop_assert!(until >= add_years(*last, 1).unwrap());
            }
            // Knowing of one more unit never shortens it.
            for n in 0..known.len() {
                prop_assert!(kept_until(Some(closed), &known[..n]).unwrap() <= until);
            }
            prop_assert_eq!(kept_until(None, &known), None);
        }

        #[test]
        fn i12_a_policy_or_a_date_more_never_shortens(a in days(), b in days(), c in days()) {
            let packs = Packs::builtin().unwrap();
            let less = WarrantyDates { applied_on: Some(a), sold_on: Some(b), ..WarrantyDates::default() };
            let more = WarrantyDates { accepted_on: Some(c), ..less };
            let all = last_warranty_day(&less, &packs.warranty).unwrap();
            prop_assert!(all > a && all > b);
            prop_assert!(last_warranty_day(&more, &packs.warranty).unwrap() >= all);
            prop_assert!(last_warranty_day(&less, &packs.warranty[..1]) <= Some(all));
        }
    }
}
