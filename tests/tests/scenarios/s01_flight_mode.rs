//! S1: flight mode from login to the sealed report, app killed at every step; the server's power cut as well.

use fieldseal_core::device::system::system_env;
use fieldseal_core::domain::sealed::verify_sealed;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::work::{OrderState, Outcome};
use fieldseal_server::{Config, start};
use fieldseal_tests::hands::{Ack, Deed, OPINION, PART};

use crate::company::{Company, ISSUED, absent};
use crate::http::Browser;
use crate::process::{ServerProcess, phone};

#[test]
fn s1_flight_mode_from_login_to_sealed_report_killed_at_every_step() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("server"), folder.path().join("phone.sqlite"));
    let loopback = "127.0.0.1:0".parse().unwrap();

    // The office dispatches one job.
    let env = system_env();
    let server = start(&Config::new(&data, loopback), env.clone()).unwrap();
    let office = server.office.clone();
    let company = Company::found(&office, &env);
    let engineer = company.engineers[0];
    let order = company.job(&office, &env, &company.key, None, &[engineer]);
    let code = office.new_enrolment_code(&company.admin, engineer).unwrap();
    let code = code.code.expose().to_owned();
    let link = office
        .set_password_link(&company.admin, company.auditor.user)
        .unwrap();
    let link = link.expose().to_owned();
    drop(office);
    server.stop();

    // A real server process; the phone enrols and syncs once, killed after each.
    let server = ServerProcess::start(&data, "127.0.0.1:0");
    let listen = server.addr.to_string();
    phone(&file, &["enrol", &server.url(), &code]).unwrap();
    phone(&file, &["sync"]).unwrap();
    server.kill();

    // Flight mode: every deed in a process of its own that dies as soon as the engine has acknowledged.
    let number = order.to_string();
    let offline = phone(&file, &["sync"]).unwrap_err();
    assert!(offline.starts_with("offline "), "{offline}");
    let acks: Vec<Ack> = Deed::VISIT
        .iter()
        .map(|deed| {
            phone(&file, &["deed", &number, &deed.name()]).unwrap_or_else(|error| panic!("{deed:?}: {error}"))
        })
        .collect();
    assert!(acks.iter().all(|ack| !ack.facts.is_empty()));
    let sealed = acks.iter().find_map(|ack| ack.sealed.clone()).unwrap();

    // The server is back; one sync, after which both lose their power.
    let server = ServerProcess::start(&data, &listen);
    phone(&file, &["sync"]).unwrap();
    server.kill();

    // The auditor at the page of a third process.
    let server = ServerProcess::start(&data, &listen);
    let auditor = Browser::by_link(server.addr, &link);
    let path = format!("/orders/{order}");
    let page = auditor.get(&path);
    assert_eq!(page.status, 200);
    let page = page.text();
    assert!(
        page.contains(OPINION) && page.contains(&sealed),
        "the sealed report is shown"
    );
    let confirm = format!("{path}/confirm");
    if page.contains(&format!("action=\"{confirm}\"")) {
        let reason = [("verdict", "confirmed"), ("reason", "核对无误")];
        assert_eq!(auditor.submit(&page, &confirm, &reason).status, 303);
    }
    let page = auditor.get(&path).text();
    let audited = auditor.submit(&page, &format!("{path}/audit"), &[]);
    assert_eq!(audited.status, 303, "{}", audited.text());
    let file_path = format!("{path}/files/{sealed}");
    let report = auditor.get(&file_path);
    assert_eq!(report.status, 200);
    phone(&file, &["sync"]).unwrap();
    server.kill();

    // What is on the server's disk now.
    let server = start(&Config::new(&data, loopback), env).unwrap();
    let office = server.office.clone();
    let details = office.order(order).unwrap().unwrap();
    let view = &details.view;
    assert_eq!(
        absent(&acks, view),
        Vec::<String>::new(),
        "nothing acknowledged is lost"
    );
    assert_eq!(view.state, OrderState::Audited);
    assert!(view.audit.is_some());
    let done = view.done_by.as_ref().unwrap();
    assert_eq!((done.engineer, done.outcome), (engineer, Some(Outcome::Solved)));
    assert_eq!(view.decisions.len(), 1);
    assert_eq!(
        (view.lines.len(), view.lines[0].part.as_str(), view.lines[0].qty),
        (1, PART, 1)
    );
    assert!(
        view.deliveries
            .iter()
            .any(|delivery| Some(delivery.assignment) == view.current)
    );

    let [stored] = details.reports.as_slice() else {
        panic!("one sealed report");
    };
    assert_eq!(stored.sha256.to_string(), sealed);
    stored.verified.as_ref().unwrap().as_ref().unwrap();
    let bytes = stored.bytes.clone().unwrap();
    verify_sealed(&bytes, Some(office.fingerprint())).unwrap();
    let mut forged = bytes.clone();
    let place = forged.len() / 2;
    forged[place] ^= 1;
    verify_sealed(&forged, Some(office.fingerprint())).unwrap_err();

    // The ticket names the job's customer and unit, and the unit remembers the visit (T-19).
    let ticket = details.ticket.unwrap();
    assert_eq!(ticket.fields.text("description"), Some("钥匙插上没有反应"));
    assert!(ticket.number.is_some());
    let asset = serde_json::to_string(&*details.assets[0]).unwrap();
    assert!(asset.contains(&number) && asset.contains("外壳破裂"), "{asset}");
    let stock = office.stock().unwrap();
    let van = stock
        .iter()
        .find(|place| place.engineer == Some(engineer))
        .unwrap();
    let line = van.lines.iter().find(|line| line.part == PART).unwrap();
    assert_eq!(line.good + line.in_transit, i64::from(ISSUED) - 1);

    // The phone tells the same.
    let engine = crate::company::open(&file, &system_env());
    let mine = engine.order(order).unwrap().order;
    assert_eq!(mine.state, OrderState::Audited);
    assert_eq!(absent(&acks, &mine), Vec::<String>::new());
    assert_eq!(engine.sealed_file(order, 1).unwrap(), bytes);
    assert_eq!(engine.status().unwrap().unsent, 0);
    let error = engine.sync_once().unwrap_err();
    assert!(!error.text(Lang::ZhCn).is_empty());
}

#[test]
fn s1_a_fresh_server_process_lets_its_first_administrator_in_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(folder.path(), "127.0.0.1:0");
    let secret = server.set_up.clone().expect("a set-up link");
    let admin = Browser::by_link(server.addr, &secret);
    assert_eq!(admin.get("/users").status, 200);
    let again = admin.post(
        &format!("/link/{secret}"),
        &[("password", "another long password")],
    );
    assert_eq!(again.header("location"), Some("/login?problem=link_used"));
    let listen = server.addr.to_string();
    server.kill();
    let server = ServerProcess::start(folder.path(), &listen);
    assert_eq!(server.set_up, None, "somebody administers it now");
    assert_eq!(admin.get("/users").status, 200, "and is still signed in");
    server.kill();
}
