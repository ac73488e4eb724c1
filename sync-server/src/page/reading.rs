//! Who may see which part of the page (product D.4, A.9).
//!
//! D.4 says who may change what; of reading it says only what belongs to whom. Decided here:
//! * Dispatcher, auditor, quality (read-only) and administrator see the work, its files, conflicts, stock and customers.
//! * The storekeeper sees the work (a memo on an order is among his rights, and parts go where an order goes) and stock,
//!   but neither tickets nor a customer's file: names and numbers of people are not needed in a store.
//! * Users and devices are the administrator's.
//! * An engineer works on his phone, where he has exactly what concerns him. At the page he sees nothing, whatever
//!   password he has; with another role as well he sees what that role does.
//!
//! Invariant: a part that is not named here is seen by nobody.

use axum::extract::MatchedPath;
use fieldseal_core::domain::roles::Role;

use crate::office::Person;

/// Roles that see the work.
const OFFICE: &[Role] = &[
    Role::Dispatcher,
    Role::Auditor,
    Role::Storekeeper,
    Role::Quality,
    Role::Admin,
];
/// Roles that see whom the work is for.
const FRONT: &[Role] = &[Role::Dispatcher, Role::Auditor, Role::Quality, Role::Admin];
/// Roles that see accounts.
const ADMIN: &[Role] = &[Role::Admin];

/// The first part of each address and who sees what lies behind it.
const PARTS: &[(&str, &[Role])] = &[
    ("", OFFICE),
    ("orders", OFFICE),
    ("conflicts", OFFICE),
    ("stock", OFFICE),
    ("tickets", FRONT),
    ("after", FRONT),
    ("cases", FRONT),
    ("import", OFFICE),
    ("export", FRONT),
    ("customers", FRONT),
    ("retention", ADMIN),
    ("users", ADMIN),
    ("devices", ADMIN),
];

/// Whether the person sees what lies behind a route (`/orders/{id}`).
pub fn may_see(person: &Person, route: &str) -> bool {
    let part = route
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default();
    let roles = PARTS.iter().find(|(name, _)| *name == part);
    person.active && roles.is_some_and(|(_, roles)| person.roles.iter().any(|role| roles.contains(role)))
}

/// The same of a request. One that no route took gets «not found» whoever asks.
pub fn may_see_matched(person: &Person, route: Option<&MatchedPath>) -> bool {
    route.is_none_or(|route| may_see(person, route.as_str()))
}

#[cfg(test)]
mod tests {
    use fieldseal_core::domain::ids::UserId;
    use fieldseal_core::domain::texts::Lang;

    use super::*;
    use crate::http::testing::Bench;
    use crate::office::NewUser;

    /// Once more, in letters: engineer, dispatcher, auditor, storekeeper, quality, admin; `y` sees it.
    const PAPER: &[(&str, &str)] = &[
        ("", "-yyyyy"),
        ("orders", "-yyyyy"),
        ("conflicts", "-yyyyy"),
        ("stock", "-yyyyy"),
        ("tickets", "-yy-yy"),
        ("after", "-yy-yy"),
        ("cases", "-yy-yy"),
        ("import", "-yyyyy"),
        ("export", "-yy-yy"),
        ("customers", "-yy-yy"),
        ("retention", "-----y"),
        ("users", "-----y"),
        ("devices", "-----y"),
    ];
    /// A form that only those see who may send it.
    const FORMS: &[(&str, &str)] = &[
        ("/orders/new", "-yy---"),
        ("/stock/count", "---y--"),
        ("/stock/report", "-yyyy-"),
        ("/stock/report.csv", "-yyyy-"),
        ("/tickets/{id}/archive", "-yy-y-"),
        ("/import", "-yyy-y"),
        ("/export/customers", "-yy--y"),
    ];
    /// Routes that somebody without a session may ask for.
    const OPEN: &[&str] = &[
        "/static/{version}/{name}",
        "/login",
        "/link/{secret}",
        "/language",
    ];

    /// Every route of the page with its methods, out of the router's source.
    fn routes() -> Vec<(&'static str, &'static str)> {
        let mut found = Vec::new();
        for text in include_str!("mod.rs").split(".route(").skip(1) {
            let path = text.split('"').nth(1).unwrap();
            let handlers = text.split('"').nth(2).unwrap();
            for method in ["get", "post"] {
                if handlers.contains(&format!("{method}(")) {
                    found.push((path, method));
                }
            }
        }
        found
    }

    /// An address of a route, of things that do not exist.
    fn address(route: &str) -> String {
        route
            .replace("{id}", "0193f2c0-0000-7000-8000-000000000001")
            .replace("{sha256}", &"0".repeat(64))
    }

    async fn status(bench: &Bench, method: &str, path: &str, cookie: &str, csrf: &str) -> u16 {
        let headers = [("cookie", cookie), ("accept", "text/html")];
        let response = match method {
            "get" => bench.get_with(path, &headers).await,
            _ => bench.post(path, &format!("csrf={csrf}"), &headers).await,
        };
        response.status().as_u16()
    }

    #[tokio::test]
    async fn every_route_asks_who_it_is() {
        let bench = Bench::new();
        let routes: Vec<_> = routes()
            .into_iter()
            .filter(|(route, _)| !OPEN.contains(route))
            .collect();
        assert!(routes.len() > 30, "{routes:?}");
        for (place, role) in Role::ALL.iter().enumerate() {
            let user = UserId(uuid::Uuid::from_u128(
                0x0193_f2c0_0000_7000_8000_0000_0000_0100 + place as u128,
            ));
            let new = NewUser {
                login: format!("person-{place}"),
                name: format!("人{place}"),
                roles: vec![*role],
                language: Lang::En,
            };
            bench.add_person(user, &new);
            let (cookie, csrf) = bench.sign_in_as(user);
            let sees = |method: &str, route: &str| {
                let part = route.split('/').nth(1).unwrap();
                let form = FORMS.iter().find(|(name, _)| *name == route && method == "get");
                let row = form.or_else(|| PAPER.iter().find(|(name, _)| *name == part));
                let (_, letters) = row.unwrap_or_else(|| panic!("who sees {route}?"));
                letters.as_bytes()[place] == b'y'
            };
            for (route, method) in &routes {
                let found = status(&bench, method, &address(route), &cookie, &csrf).await;
                assert_eq!(
                    found != 403,
                    sees(method, route),
                    "{method} {route} as {role:?}: {found}"
                );
                assert_ne!(found, 500, "{method} {route} as {role:?}");
            }
            // The stream tells that something happened at all.
            let live = bench.get_with("/v1/live", &[("cookie", &cookie)]).await;
            assert_eq!(live.status() != 403, sees("get", "/"), "live as {role:?}");
        }
        for (route, method) in &routes {
            let found = status(&bench, method, &address(route), "", "").await;
            assert!(matches!(found, 303 | 401), "{method} {route} of nobody: {found}");
        }
    }
}
