//! Customers with their contacts and units, a line each: looked at, then taken (Y-37).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fieldseal_core::domain::ids::{AssetId, CustomerId, PersonId};
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::facts::kinds::Set;
use fieldseal_core::facts::{DocName, Fact, Fields, ViewToken};
use serde_json::{Value, json};

use super::harmless;
use super::read::{Row, Table};
use crate::office::fields::{Changes, check};
use crate::office::records::first;
use crate::office::{Office, OfficeError, Person, require};

/// Columns with their names in a Chinese table.
const COLUMNS: &[(&str, &[&str])] = &[
    ("customer", &["客户", "客户名称"]),
    ("region", &["地区", "区域"]),
    ("address", &["地址"]),
    ("key", &["重点客户"]),
    ("contact", &["联系人"]),
    ("phone", &["电话", "联系电话"]),
    ("role", &["职务"]),
    ("serial", &["序列号"]),
    ("product", &["产品"]),
    ("applied_on", &["办理日期", "申请日期"]),
    ("sold_on", &["销售日期"]),
    ("accepted_on", &["验收日期"]),
    ("maker_warranty_end", &["原厂质保到期"]),
    ("version", &["版本号"]),
    ("licence", &["授权信息"]),
];
/// Columns that describe the unit.
const UNIT: &[&str] = &[
    "product",
    "applied_on",
    "sold_on",
    "accepted_on",
    "maker_warranty_end",
    "version",
    "licence",
];
const DATES: &[&str] = &["applied_on", "sold_on", "accepted_on", "maker_warranty_end"];

/// What a line would do, or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Done {
    /// A new customer.
    Customer,
    /// A new contact.
    Contact,
    /// A new unit.
    Unit,
    /// Fields that were empty are filled in.
    Filled,
}

impl Done {
    /// The end of its text's key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Contact => "contact",
            Self::Unit => "unit",
            Self::Filled => "filled",
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerLine {
    /// From 1; the header is line 1.
    pub line: u64,
    /// The customer's name as it stands there.
    pub customer: String,
    /// What it does; empty where all of it is on record already.
    pub does: BTreeSet<Done>,
    /// Columns in which the record says otherwise, from 1: the record stays.
    pub differs: Vec<usize>,
    /// Why it is not taken: the code, and the column, from 1.
    pub refused: Option<(&'static str, usize)>,
}

/// What is known of the company, and what this table adds to it line by line.
#[derive(Default)]
struct Known {
    customers: HashMap<String, CustomerId>,
    units: HashMap<String, (AssetId, Option<CustomerId>)>,
    /// Fields as they will be, of records that this table touches.
    records: HashMap<DocName, BTreeMap<String, Value>>,
    /// Serial numbers that this table held already, with their line.
    seen: BTreeSet<String>,
}

type Parts = Vec<(DocName, Vec<Fact>)>;

fn key(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_uppercase()
}

/// `2024/5/1` and `2024.05.01` as `2024-05-01`; anything else as it stands, to be refused.
fn date(text: &str) -> String {
    let parts: Vec<&str> = text.split(['/', '.', '-']).collect();
    match parts.as_slice() {
        [y, m, d] if y.len() == 4 => format!("{y}-{m:0>2}-{d:0>2}"),
        _ => text.to_owned(),
    }
}

fn product(text: &str) -> String {
    match text {
        "电子印章" | "电子印章 USB KEY" | "E-seal key" => "eseal_key".to_owned(),
        "弱电设备" | "Weak-current equipment" => "weak_current".to_owned(),
        other => other.to_owned(),
    }
}

impl Office {
    /// Looks at a table of customers and says line by line what it would do; with `take`, does it for every line that can
    /// be taken, in one commit.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`]; [`OfficeError::Invalid`] with a code `table_…` where the table itself cannot be read.
    pub fn import_customers(
        &self,
        by: &Person,
        text: &str,
        take: bool,
    ) -> Result<Vec<CustomerLine>, OfficeError> {
        require(by, Operation::ImportMasterData)?;
        let table = Table::read(text, COLUMNS, &["customer"])?;
        let _one = self.begin();
        let mut known = self.known()?;
        let mut lines = Vec::with_capacity(table.rows.len());
        let mut actions: Vec<Parts> = Vec::new();
        for row in &table.rows {
            let (line, parts) = self.line(&mut known, row)?;
            if line.refused.is_none() && !parts.is_empty() {
                actions.push(parts);
            }
            lines.push(line);
        }
        if take {
            self.service.office(|office| {
                for parts in &actions {
                    office.append(by.user, parts, &ViewToken::default())?;
                }
                Ok::<(), OfficeError>(())
            })?;
        }
        Ok(lines)
    }

    /// Every customer by name and every unit by serial number.
    fn known(&self) -> Result<Known, OfficeError> {
        let mut known = Known::default();
        for row in self.customers()? {
            // The first of two with one name is meant: it is the one that lists show first.
            known.customers.entry(key(&row.name)).or_insert(row.id);
        }
        for doc in self.views.names("asset/")? {
            let (DocName::Asset(id), Some(view)) = (&doc, self.views.record(&doc)?) else {
                continue;
            };
            let owner = match view.fields.parsed("customer") {
                Some(DocName::Customer(owner)) => Some(owner),
                _ => None,
            };
            if let Some(serial) = view.fields.text("serial") {
                known.units.entry(key(serial)).or_insert((*id, owner));
            }
        }
        Ok(known)
    }

    fn record_fields<'k>(
        &self,
        known: &'k mut Known,
        doc: &DocName,
    ) -> Result<&'k mut BTreeMap<String, Value>, OfficeError> {
        if !known.records.contains_key(doc) {
            let view = self.views.record(doc)?;
            let none = Fields::default();
            let fields = view.as_ref().map_or(&none, |view| &view.fields);
            let values = fields
                .0
                .iter()
                .map(|(name, field)| (name.clone(), field.value.clone()));
            known.records.insert(doc.clone(), values.collect());
        }
        known.records.get_mut(doc).ok_or(OfficeError::NotFound)
    }

    /// Puts into a record what it does not say yet; gives the fact, and the columns in which it says otherwise.
    fn fill(
        &self,
        known: &mut Known,
        doc: &DocName,
        row: &Row,
        values: Vec<(&'static str, &'static str, Value)>,
    ) -> Result<(Option<Fact>, Vec<usize>), OfficeError> {
        let own = self.record_fields(known, doc)?;
        let (mut changes, mut differs) = (Changes::new(), Vec::new());
        for (field, column, value) in values {
            let Some(cell) = row.cells.get(column) else {
                continue;
            };
            match own.get(field).filter(|value| !value.is_null()) {
                None => {
                    own.insert(field.to_owned(), value.clone());
                    changes.insert(field.to_owned(), value);
                }
                Some(said) if *said == value => {}
                Some(_) => differs.push(cell.column),
            }
        }
        let fact = (!changes.is_empty()).then(|| {
            Fact::Set(Set {
                subject: None,
                fields: changes,
                over: Vec::new(),
            })
        });
        Ok((fact, differs))
    }

    /// One line: what it does and the facts that do it.
    fn line(&self, known: &mut Known, row: &Row) -> Result<(CustomerLine, Parts), OfficeError> {
        let mut line = CustomerLine {
            line: row.line,
            customer: row.text("customer").unwrap_or_default().to_owned(),
            ..CustomerLine::default()
        };
        if let Some(refused) = refused(known, row) {
            line.refused = Some(refused);
            return Ok((line, Vec::new()));
        }
        let mut parts: Parts = Vec::new();
        let customer = self.customer_of(known, row, &mut line, &mut parts)?;
        self.contact_of(known, row, customer, &mut line, &mut parts)?;
        self.unit_of(known, row, customer, &mut line, &mut parts)?;
        Ok((line, parts))
    }

    fn customer_of(
        &self,
        known: &mut Known,
        row: &Row,
        line: &mut CustomerLine,
        parts: &mut Parts,
    ) -> Result<CustomerId, OfficeError> {
        let name = row.text("customer").unwrap_or_default();
        let mut values: Vec<(&str, &str, Value)> = Vec::new();
        for column in ["region", "address"] {
            values.extend(row.text(column).map(|text| (column, column, json!(text))));
        }
        if row.text("key").is_some_and(yes) {
            values.push(("key_flag", "key", json!(true)));
        }
        if let Some(id) = known.customers.get(&key(name)) {
            let (id, doc) = (*id, DocName::Customer(*id));
            let (fact, differs) = self.fill(known, &doc, row, values)?;
            line.differs.extend(differs);
            if let Some(fact) = fact {
                line.does.insert(Done::Filled);
                parts.push((doc, vec![fact]));
            }
            return Ok(id);
        }
        let id = CustomerId(self.env.uuid_v7());
        let doc = DocName::Customer(id);
        let mut fields = Changes::from([
            ("name".to_owned(), json!(name)),
            ("kind".to_owned(), json!("company")),
        ]);
        fields.extend(
            values
                .into_iter()
                .map(|(field, _, value)| (field.to_owned(), value)),
        );
        known.records.insert(doc.clone(), fields.clone());
        known.customers.insert(key(name), id);
        line.does.insert(Done::Customer);
        parts.push((doc.clone(), vec![first(check(&doc, &fields)?)]));
        Ok(id)
    }

    fn contact_of(
        &self,
        known: &mut Known,
        row: &Row,
        customer: CustomerId,
        line: &mut CustomerLine,
        parts: &mut Parts,
    ) -> Result<(), OfficeError> {
        let Some(name) = row.text("contact") else {
            return Ok(());
        };
        let doc = DocName::Customer(customer);
        let contacts = self.record_fields(known, &doc)?.get("contacts").cloned();
        let mut contacts = contacts
            .and_then(|value| value.as_array().cloned())
            .unwrap_or_default();
        for other in contacts
            .iter()
            .filter_map(|value| value.as_str()?.parse::<DocName>().ok())
        {
            let person = self.record_fields(known, &other)?;
            if person.get("name").and_then(Value::as_str).map(key) == Some(key(name)) {
                for column in ["phone", "role"] {
                    let Some(cell) = row.cells.get(column).filter(|cell| !cell.text.is_empty()) else {
                        continue;
                    };
                    let value = person.get(column);
                    let several = value.and_then(Value::as_array).into_iter().flatten();
                    let mut said = several.chain(value).filter_map(Value::as_str);
                    if !said.any(|text| key(text) == key(&cell.text)) {
                        line.differs.push(cell.column);
                    }
                }
                return Ok(());
            }
        }
        let person = DocName::Person(PersonId(self.env.uuid_v7()), 1);
        let mut fields = Changes::from([("name".to_owned(), json!(name))]);
        fields.extend(
            row.text("phone")
                .map(|phone| ("phone".to_owned(), json!([phone]))),
        );
        fields.extend(row.text("role").map(|role| ("role".to_owned(), json!(role))));
        known.records.insert(person.clone(), fields.clone());
        contacts.push(json!(person));
        let own = self.record_fields(known, &doc)?;
        own.insert("contacts".to_owned(), Value::Array(contacts));
        // All remaining values of this field count, so the new contact alone is said.
        let added = Fact::Set(Set {
            subject: None,
            fields: Changes::from([("contacts".to_owned(), json!([person]))]),
            over: Vec::new(),
        });
        match parts.iter_mut().find(|(of, _)| *of == doc) {
            Some((_, facts)) => facts.push(added),
            None => parts.push((doc, vec![added])),
        }
        parts.push((person.clone(), vec![first(check(&person, &fields)?)]));
        line.does.insert(Done::Contact);
        Ok(())
    }

    fn unit_of(
        &self,
        known: &mut Known,
        row: &Row,
        customer: CustomerId,
        line: &mut CustomerLine,
        parts: &mut Parts,
    ) -> Result<(), OfficeError> {
        let Some(serial) = row.text("serial") else {
            return Ok(());
        };
        known.seen.insert(key(serial));
        let values: Vec<(&'static str, &'static str, Value)> = UNIT
            .iter()
            .filter_map(|column| {
                let text = row.text(column)?;
                let value = match *column {
                    "product" => product(text),
                    column if DATES.contains(&column) => date(text),
                    _ => text.to_owned(),
                };
                Some((*column, *column, json!(value)))
            })
            .collect();
        if let Some((id, _)) = known.units.get(&key(serial)) {
            let doc = DocName::Asset(*id);
            let (fact, differs) = self.fill(known, &doc, row, values)?;
            line.differs.extend(differs);
            if let Some(fact) = fact {
                line.does.insert(Done::Filled);
                parts.push((doc, vec![fact]));
            }
            return Ok(());
        }
        let id = AssetId(self.env.uuid_v7());
        let doc = DocName::Asset(id);
        let mut fields = Changes::from([
            ("serial".to_owned(), json!(serial)),
            ("product".to_owned(), json!("eseal_key")),
            ("customer".to_owned(), json!(DocName::Customer(customer))),
        ]);
        fields.extend(
            values
                .into_iter()
                .map(|(field, _, value)| (field.to_owned(), value)),
        );
        known.units.insert(key(serial), (id, Some(customer)));
        known.records.insert(doc.clone(), fields.clone());
        parts.push((doc.clone(), vec![first(check(&doc, &fields)?)]));
        line.does.insert(Done::Unit);
        Ok(())
    }
}

fn yes(text: &str) -> bool {
    matches!(
        text.to_lowercase().as_str(),
        "1" | "x" | "yes" | "true" | "是" | "重点"
    )
}

/// Why a line cannot be taken: the code and the column.
fn refused(known: &Known, row: &Row) -> Option<(&'static str, usize)> {
    let Some(name) = row.text("customer") else {
        return Some(("empty", 1));
    };
    let column = |name: &str| row.cells.get(name).map_or(1, |cell| cell.column);
    for (column_name, cell) in &row.cells {
        let long = match *column_name {
            "address" => 4_000,
            _ => 200,
        };
        if cell.text.chars().count() > long {
            return Some(("too_long", cell.column));
        }
        // A quote that nobody closed would take the lines below it into one cell.
        if cell.text.chars().any(char::is_control) {
            return Some(("bad_value", cell.column));
        }
    }
    for name in DATES {
        if let Some(text) = row.text(name)
            && date(text).parse::<chrono::NaiveDate>().is_err()
        {
            return Some(("bad_date", column(name)));
        }
    }
    if row.text("contact").is_none() && row.text("phone").is_some() {
        return Some(("contact_missing", column("phone")));
    }
    let Some(serial) = row.text("serial") else {
        let stray = UNIT.iter().find(|name| row.text(name).is_some());
        return stray.map(|name| ("serial_missing", column(name)));
    };
    if known.seen.contains(&key(serial)) {
        return Some(("serial_twice", column("serial")));
    }
    let customer = known.customers.get(&key(name));
    match known.units.get(&key(serial)) {
        Some((_, owner)) if owner.as_ref() != customer || customer.is_none() => {
            Some(("serial_of_another", column("serial")))
        }
        _ => None,
    }
}

/// Every customer with contacts and units as a table that [`Office::import_customers`] reads: a line a unit, a line a
/// contact, UTF-8 with the mark that spreadsheet programs ask for.
///
/// # Errors
/// [`OfficeError::NotAllowed`], [`OfficeError::Unexpected`].
pub fn export_customers(office: &Office, by: &Person) -> Result<Vec<u8>, OfficeError> {
    require(by, Operation::ImportMasterData)?;
    let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    let broken = |error: csv::Error| OfficeError::unexpected(error);
    writer
        .write_record(COLUMNS.iter().map(|(name, _)| *name))
        .map_err(broken)?;
    for row in office.customers()? {
        let Some(view) = office.views().record(&DocName::Customer(row.id))? else {
            continue;
        };
        let text = |fields: &Fields, name: &str| fields.text(name).unwrap_or_default().to_owned();
        let mut own: BTreeMap<&str, String> = BTreeMap::from([
            ("customer", text(&view.fields, "name")),
            ("region", text(&view.fields, "region")),
            ("address", text(&view.fields, "address")),
            ("key", if row.key { "yes".to_owned() } else { String::new() }),
        ]);
        let mut people = Vec::new();
        for doc in view.fields.named("contacts") {
            if let Some(person) = office.views().record(&doc)? {
                let phone = person
                    .fields
                    .texts("phone")
                    .first()
                    .map(|phone| (*phone).to_owned());
                people.push([
                    ("contact", text(&person.fields, "name")),
                    ("phone", phone.unwrap_or_default()),
                    ("role", text(&person.fields, "role")),
                ]);
            }
        }
        let mut units = Vec::new();
        for (_, unit) in office.units_of(row.id)? {
            let mut fields = vec![("serial", text(&unit.fields, "serial"))];
            fields.extend(UNIT.iter().map(|name| (*name, text(&unit.fields, name))));
            units.push(fields);
        }
        for at in 0..people.len().max(units.len()).max(1) {
            let mut line = own.clone();
            line.extend(people.get(at).into_iter().flatten().cloned());
            line.extend(units.get(at).into_iter().flatten().cloned());
            let cells = COLUMNS
                .iter()
                .map(|(name, _)| harmless(line.get(name).map_or("", String::as_str)));
            writer.write_record(cells).map_err(broken)?;
            own.retain(|name, _| *name == "customer");
        }
    }
    writer.into_inner().map_err(OfficeError::unexpected)
}
