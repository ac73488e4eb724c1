//! Parts and prices as tables: each table is the next version of its list, valid from a day (Y-05, T-36, T-38, Q32).

use fieldseal_core::domain::money::Fen;
use fieldseal_core::domain::policy::{PartEntry, PartList, PartName, PriceEntry, PriceList};
use fieldseal_core::domain::roles::Operation;

use super::read::{Row, Table};
use crate::office::{Office, OfficeError, PackKind, Person, require};
use crate::pipeline::Saved;

const PARTS: &[(&str, &[&str])] = &[
    ("number", &["part", "料号", "备件编号"]),
    ("zh-cn", &["名称", "中文名称", "name"]),
    ("en", &["english", "英文名称"]),
];
const PRICES: &[(&str, &[&str])] = &[
    ("key", &["价格项目"]),
    ("product", &["产品"]),
    ("amount", &["金额", "价格"]),
    ("valid_from", &["生效日期"]),
    ("valid_to", &["失效日期"]),
];

/// Where and why a line cannot be taken.
fn bad(row: &Row, column: &str) -> OfficeError {
    tracing::info!(line = row.line, column, "a table's line was refused");
    OfficeError::field("table", "table_broken")
}

/// Reads a table of parts as the version `version` of the list.
///
/// # Errors
/// [`OfficeError::Invalid`]: a `table_…` code.
pub fn read_parts(text: &str, version: u32) -> Result<PartList, OfficeError> {
    let table = Table::read(text, PARTS, &["number", "zh-cn"])?;
    let parts: Result<Vec<PartEntry>, OfficeError> = table
        .rows
        .iter()
        .map(|row| {
            let number = row.text("number").ok_or_else(|| bad(row, "number"))?;
            let zh_cn = row.text("zh-cn").ok_or_else(|| bad(row, "zh-cn"))?;
            Ok(PartEntry {
                number: number.to_owned(),
                name: PartName {
                    zh_cn: zh_cn.to_owned(),
                    en: row.text("en").unwrap_or(zh_cn).to_owned(),
                },
            })
        })
        .collect();
    let list = PartList {
        id: "parts".to_owned(),
        version,
        parts: parts?,
    };
    let json = serde_json::to_string(&list).map_err(OfficeError::unexpected)?;
    PartList::read(&json).map_err(|_| OfficeError::field("table", "table_broken"))
}

/// Reads a table of prices as the version `version` of the list; amounts in yuan.
///
/// # Errors
/// [`OfficeError::Invalid`]: a `table_…` code.
pub fn read_prices(text: &str, version: u32) -> Result<PriceList, OfficeError> {
    let table = Table::read(text, PRICES, &["key", "amount", "valid_from"])?;
    let entries: Result<Vec<PriceEntry>, OfficeError> = table
        .rows
        .iter()
        .map(|row| {
            let text = |name: &str| row.text(name).ok_or_else(|| bad(row, name));
            let day = |text: &str, name: &str| text.parse().map_err(|_| bad(row, name));
            Ok(PriceEntry {
                key: text("key")?.to_owned(),
                product: row.text("product").map(str::to_owned),
                amount: yuan(text("amount")?).ok_or_else(|| bad(row, "amount"))?,
                valid_from: day(text("valid_from")?, "valid_from")?,
                valid_to: row
                    .text("valid_to")
                    .map(|text| day(text, "valid_to"))
                    .transpose()?,
            })
        })
        .collect();
    let list = PriceList {
        id: "prices".to_owned(),
        version,
        entries: entries?,
    };
    let json = serde_json::to_string(&list).map_err(OfficeError::unexpected)?;
    PriceList::read(&json).map_err(|_| OfficeError::field("table", "table_broken"))
}

/// «1,234.50» yuan in fen, without floating point.
fn yuan(text: &str) -> Option<Fen> {
    let plain: String = text.trim_start_matches(['¥', '￥']).replace(',', "");
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || part.len() > 2 || !(part.is_empty() || digits(part)) {
        return None;
    }
    let fen: i64 = format!("{part:0<2}").parse().ok()?;
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(100)?
        .checked_add(fen)
        .map(Fen)
}

impl Office {
    /// Publishes a table of parts or prices as the next version of its list, valid from a day.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`] (parts: `ImportParts`; prices: `EditPolicies`); [`OfficeError::Invalid`].
    pub fn publish_table(
        &self,
        by: &Person,
        kind: PackKind,
        text: &str,
        valid_from: &str,
    ) -> Result<Saved, OfficeError> {
        let code = match kind {
            PackKind::Parts => {
                require(by, Operation::ImportParts)?;
                "parts"
            }
            PackKind::Prices => {
                require(by, Operation::EditPolicies)?;
                "prices"
            }
            PackKind::WarrantyPolicy => return Err(OfficeError::whole("bad_value")),
        };
        let version = self.next_version(code)?;
        let json = match kind {
            PackKind::Parts => serde_json::to_string(&read_parts(text, version)?),
            _ => serde_json::to_string(&read_prices(text, version)?),
        };
        let json = json.map_err(OfficeError::unexpected)?;
        self.publish_read(by, kind, &json, valid_from)
    }

    /// One more than the highest version of a list that was ever published.
    fn next_version(&self, code: &str) -> Result<u32, OfficeError> {
        let index = self.views.reference()?;
        let versions = index
            .packs
            .iter()
            .filter(|entry| entry.pack.pack == code)
            .filter_map(|entry| entry.pack.version.rsplit_once('@')?.1.parse::<u32>().ok());
        Ok(versions.max().unwrap_or(0).saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q32_amounts_are_whole_fen() {
        for (text, fen) in [
            ("120", Some(12_000)),
            ("¥1,234.50", Some(123_450)),
            ("0.5", Some(50)),
            ("0.05", Some(5)),
            ("1.005", None),
            ("-1", None),
            ("1e3", None),
            ("", None),
            (".5", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(yuan(text), fen.map(Fen), "{text}");
        }
    }

    #[test]
    fn y05_t38_lists_are_read_and_a_bad_line_is_refused() {
        let parts = read_parts(
            "料号,名称,英文名称\nKEY-BLANK,空白印章 KEY,Blank key\nCABLE,USB 线,\n",
            3,
        )
        .unwrap();
        assert_eq!((parts.version, parts.parts.len()), (3, 2));
        assert_eq!(
            parts.parts[1].name.en, "USB 线",
            "a name in one language stands for both"
        );
        assert_eq!(
            read_parts("料号,名称\nA,x\nA,y\n", 1).unwrap_err().code(),
            "table_broken"
        );
        assert_eq!(
            read_parts("料号,名称\nA,\n", 1).unwrap_err().code(),
            "table_broken"
        );
        let prices = read_prices("key,amount,valid_from\nprice.original,120.50,2026-01-01\n", 1).unwrap();
        assert_eq!(prices.entries[0].amount, Fen(12_050));
        for bad in [
            "price.original,x,2026-01-01",
            "price.original,1,2026-02-30",
            ",1,2026-01-01",
        ] {
            let text = format!("key,amount,valid_from\n{bad}\n");
            assert_eq!(read_prices(&text, 1).unwrap_err().code(), "table_broken", "{bad}");
        }
    }
}
