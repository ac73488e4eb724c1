//! Master data and people: stale forms, kept values, proposals, rights.

use ed25519_dalek::{Signer as _, SigningKey};
use fieldseal_core::domain::ids::{AssetId, CustomerId, UserId};
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::facts::kinds::Set;
use fieldseal_core::facts::{DocName, Fact, ViewToken};
use fieldseal_core::wire::{EnrolRequest, ProblemCode, SyncRequest, VERSION};
use serde_json::json;

use super::world::World;
use crate::enrol::proof_message;
use crate::office::fields::Changes;
use crate::office::{NewAsset, NewCustomer, NewUser, OfficeError};
use crate::pipeline::PipelineError;

fn code<T: std::fmt::Debug>(result: Result<T, OfficeError>) -> &'static str {
    result.unwrap_err().code()
}

fn asset(world: &World) -> DocName {
    let id = AssetId(world.services.env.uuid_v7());
    let new = NewAsset {
        customer: world.customer,
        serial: "K-1007".to_owned(),
        product: "eseal_key".to_owned(),
        applied_on: Some("2021-09-07".to_owned()),
        sold_on: None,
        accepted_on: None,
        maker_warranty_end: None,
        not_removable: false,
    };
    world.office().create_asset(&world.dispatcher, id, &new).unwrap();
    world.office().create_asset(&world.dispatcher, id, &new).unwrap();
    DocName::Asset(id)
}

#[test]
fn d02_two_pages_correct_a_date_and_a_person_chooses() {
    let world = World::new();
    let office = world.office();
    let doc = asset(&world);
    let token = office.views().record(&doc).unwrap().unwrap().token.clone();
    let on = |date: &str| Changes::from([("applied_on".to_owned(), json!(date))]);
    office
        .edit(&world.dispatcher, &doc, &token, &on("2021-10-07"))
        .unwrap();
    office
        .edit(&world.auditor, &doc, &token, &on("2021-11-07"))
        .unwrap();
    let view = office.views().record(&doc).unwrap().unwrap();
    assert_eq!(view.fields.0["applied_on"].others.len(), 1);
    assert_eq!(view.changes.len(), 3, "a form that came twice was written once");
    office
        .choose(
            &world.auditor,
            &doc,
            "applied_on",
            &json!("2021-10-07"),
            "合同",
            &view.token,
        )
        .unwrap();
    let view = office.views().record(&doc).unwrap().unwrap();
    assert_eq!(view.fields.text("applied_on"), Some("2021-10-07"));
    assert!(view.fields.0["applied_on"].others.is_empty());
}

#[test]
fn d05_7_what_an_engineer_learnt_is_taken_over() {
    let world = World::new();
    let office = world.office();
    let order = world.job(&[&world.a]);
    let customer = DocName::Customer(world.customer);
    let mut phone = world.phone(&world.a);
    let learnt = Set {
        subject: Some(customer.clone()),
        fields: [("address".to_owned(), json!("苏州工业园区 5 号"))].into(),
        over: Vec::new(),
    };
    let doc = phone.visit(order);
    let fact = phone.send(&doc, &world.token(order), &[Fact::Set(learnt)])[0];
    let view = world.view(order);
    assert_eq!(view.learnt[&customer].0["address"].proposals.len(), 1);
    office
        .take_over(
            &world.dispatcher,
            order,
            &customer,
            "address",
            fact,
            &world.token(order),
        )
        .unwrap();
    let record = office.views().record(&customer).unwrap().unwrap();
    assert_eq!(record.fields.text("address"), Some("苏州工业园区 5 号"));
    assert_eq!(
        code(office.take_over(&world.b, order, &customer, "address", fact, &world.token(order))),
        "not_allowed"
    );
}

#[test]
fn names_and_phones_of_people_stand_in_person_documents_alone() {
    let world = World::new();
    let customer = DocName::Customer(world.customer);
    let view = world.office().views().record(&customer).unwrap().unwrap();
    let contact: DocName = view.fields.texts("contacts")[0].parse().unwrap();
    let person = world.office().views().record(&contact).unwrap().unwrap();
    assert_eq!(person.fields.text("name"), Some("周敏"));
    let tx = world.services.service.storage().read().unwrap();
    let row = tx.doc(&customer).unwrap().unwrap();
    for action in tx.actions_of_doc(row.key).unwrap() {
        assert!(!action.text.contains("周敏") && !action.text.contains("138"));
    }
}

#[test]
fn d04_rights_and_inputs_of_master_data() {
    let world = World::new();
    let office = world.office();
    let new = || NewCustomer {
        name: "云".to_owned(),
        ..NewCustomer::default()
    };
    let id = || CustomerId(world.services.env.uuid_v7());
    assert_eq!(code(office.create_customer(&world.b, id(), new())), "not_allowed");
    let nameless = NewCustomer::default();
    assert_eq!(
        code(office.create_customer(&world.dispatcher, id(), nameless)),
        "empty"
    );
    let doc = DocName::Customer(world.customer);
    let changes = Changes::from([("name".to_owned(), json!("新名"))]);
    assert_eq!(
        code(office.edit(&world.storekeeper, &doc, &ViewToken::default(), &changes)),
        "not_allowed"
    );
    assert_eq!(
        code(office.edit(
            &world.dispatcher,
            &DocName::Customer(id()),
            &ViewToken::default(),
            &changes
        )),
        "not_found"
    );
}

#[test]
fn people_are_added_changed_and_the_last_administrator_stays() {
    let world = World::new();
    let office = world.office();
    let new = NewUser {
        login: "sun".to_owned(),
        name: "孙丽".to_owned(),
        roles: vec![Role::Quality],
        language: Lang::En,
    };
    let id = UserId(world.services.env.uuid_v7());
    assert_eq!(
        code(office.create_user(&world.dispatcher, id, &new)),
        "not_allowed"
    );
    for _ in 0..2 {
        office.create_user(&world.admin, id, &new).unwrap();
    }
    let taken = UserId(world.services.env.uuid_v7());
    assert_eq!(code(office.create_user(&world.admin, taken, &new)), "login_taken");
    let (lines, token) = office.users(&world.admin).unwrap();
    let line = lines.iter().find(|line| line.person.user == id).unwrap();
    assert_eq!((line.login.as_deref(), line.has_password), (Some("sun"), false));
    office
        .edit_user(
            &world.admin,
            id,
            &token,
            "孙丽丽",
            &[Role::Quality, Role::Admin],
            true,
        )
        .unwrap();
    let person = office.person(id).unwrap().unwrap();
    assert_eq!(person.name, "孙丽丽");
    let demote = |by, user| office.edit_user(by, user, &ViewToken::default(), "x", &[Role::Quality], true);
    demote(&world.admin, world.admin.user).unwrap();
    assert_eq!(code(demote(&person, id)), "last_admin");
    // Who lost the role has no right from now on, whatever the caller believes.
    let admin = office.person(world.admin.user).unwrap().unwrap();
    assert_eq!(code(office.users(&admin)), "not_allowed");
}

#[test]
fn who_leaves_is_out_on_every_phone_and_no_code_given_out_before_brings_one_in() {
    let world = World::new();
    let office = world.office();
    let phones = [world.phone(&world.b), world.phone(&world.b)];
    let others = world.phone(&world.a);
    let code = office.new_enrolment_code(&world.admin, world.b.user).unwrap();
    let sync = |device: &crate::storage::DeviceRow| {
        let request = SyncRequest {
            version: VERSION,
            page: 1_000,
            ..SyncRequest::default()
        };
        world.services.service.sync(device, &request)
    };
    assert!(phones.iter().all(|phone| sync(&phone.device).is_ok()));
    let token = office.users(&world.admin).unwrap().1;
    office
        .edit_user(
            &world.admin,
            world.b.user,
            &token,
            "刘洋",
            &[Role::Engineer],
            false,
        )
        .unwrap();
    for phone in &phones {
        assert_eq!(sync(&phone.device).err(), Some(PipelineError::Revoked));
    }
    assert!(sync(&others.device).is_ok(), "nobody else is concerned");
    let key = SigningKey::from_bytes(&[9; 32]);
    let (code, public) = (code.code.expose(), key.verifying_key().to_bytes());
    let request = EnrolRequest {
        proof: key.sign(&proof_message(&code, &public)).to_bytes().into(),
        code,
        public_key: public.into(),
        name: "late".to_owned(),
    };
    let late = world.services.enrolment.enrol(&request).unwrap_err();
    assert_eq!(late.problem(), ProblemCode::UnknownCode);
}
