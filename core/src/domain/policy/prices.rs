//! Price lists: amounts by key with days of validity (Q4, Q32, T-38).
//!
//! A promise is dated: the price that holds is the one valid on the company's date on which the customer was told.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{PolicyError, PolicyRef, require};
use crate::domain::money::Fen;

/// One price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceEntry {
    /// What is priced: `price.new_application`, `price.original`, a part's code.
    pub key: String,
    /// The product it holds for; absent: every product without an entry of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The amount for one piece, in fen.
    pub amount: Fen,
    /// First day of validity.
    pub valid_from: NaiveDate,
    /// Last day of validity; absent: until a later entry begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
}

/// A versioned price list in renminbi.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceList {
    /// Its name.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its prices.
    pub entries: Vec<PriceEntry>,
}

/// A price as it was told: the amount with where it comes from, so that it stays what was promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceQuote {
    /// What is priced.
    pub key: String,
    /// The amount for one piece, in fen.
    pub amount: Fen,
    /// The list it stands in.
    pub list: PolicyRef,
    /// The day on which the customer was told.
    pub told_on: NaiveDate,
}

impl PriceList {
    /// A list without prices: every decision shows its basis without an amount (Q4).
    pub fn empty() -> Self {
        Self {
            id: "none".to_owned(),
            version: 0,
            entries: Vec::new(),
        }
    }

    /// Reads and checks a list.
    ///
    /// # Errors
    /// [`PolicyError`]: unreadable, a negative amount, a validity that ends before it begins, or two entries for one
    /// key and product that begin on one day.
    pub fn read(json: &str) -> Result<Self, PolicyError> {
        let list: Self = serde_json::from_str(json).map_err(|_| PolicyError::Unreadable)?;
        require(!list.id.is_empty(), "id")?;
        for (index, entry) in list.entries.iter().enumerate() {
            require(entry.amount >= Fen::ZERO, "amount")?;
            require(entry.valid_to.is_none_or(|to| to >= entry.valid_from), "valid_to")?;
            let same = |e: &PriceEntry| {
                e.key == entry.key && e.product == entry.product && e.valid_from == entry.valid_from
            };
            require(!list.entries.iter().skip(index + 1).any(same), "valid_from")?;
        }
        Ok(list)
    }

    /// The list's reference.
    pub fn reference(&self) -> PolicyRef {
        PolicyRef {
            id: self.id.clone(),
            version: self.version,
        }
    }

    /// The price of `key` for `product` on the day the customer was told (Q32): the product's own entry before the
    /// general one, then the one that began last. `None`: no price, the basis is shown without an amount (Q4).
    pub fn quote(&self, key: &str, product: Option<&str>, told_on: NaiveDate) -> Option<PriceQuote> {
        self.entries
            .iter()
            .filter(|e| e.key == key && (e.product.is_none() || e.product.as_deref() == product))
            .filter(|e| e.valid_from <= told_on && e.valid_to.is_none_or(|to| told_on <= to))
            .max_by_key(|e| (e.product.is_some(), e.valid_from))
            .map(|e| PriceQuote {
                key: key.to_owned(),
                amount: e.amount,
                list: self.reference(),
                told_on,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"id":"prices","version":3,"entries":[
        {"key":"price.original","amount":12000,"valid_from":"2024-01-01","valid_to":"2024-06-30"},
        {"key":"price.original","amount":15000,"valid_from":"2024-07-01"},
        {"key":"price.original","product":"K2","amount":9900,"valid_from":"2024-01-01"}]}"#;

    #[test]
    fn q32_the_day_of_telling_selects_the_price() {
        let list = PriceList::read(LIST).unwrap();
        let amount = |product, day: &str| {
            list.quote("price.original", product, day.parse().unwrap())
                .map(|quote| quote.amount.0)
        };
        assert_eq!(amount(None, "2023-12-31"), None);
        assert_eq!(amount(None, "2024-06-30"), Some(12_000));
        assert_eq!(amount(Some("K1"), "2024-07-01"), Some(15_000));
        assert_eq!(amount(Some("K2"), "2024-07-01"), Some(9_900));
        assert_eq!(
            list.quote("price.new_application", None, "2024-07-01".parse().unwrap()),
            None,
            "q4"
        );
    }

    #[test]
    fn q32_nonsense_lists_are_refused() {
        let twice = LIST.replace("2024-07-01", "2024-01-01");
        assert_eq!(
            PriceList::read(&twice),
            Err(PolicyError::Invalid { field: "valid_from" })
        );
        let negative = LIST.replace("15000", "-1");
        assert_eq!(
            PriceList::read(&negative),
            Err(PolicyError::Invalid { field: "amount" })
        );
        let fraction = LIST.replace("15000", "150.5");
        assert_eq!(PriceList::read(&fraction), Err(PolicyError::Unreadable));
    }
}
