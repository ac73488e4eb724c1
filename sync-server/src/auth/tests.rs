use std::sync::atomic::{AtomicI64, Ordering};

use fieldseal_core::env::{Clock, ClockReading};

use super::*;
use crate::auth::store::SqliteAuthStore;

/// A clock that a test moves.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn read(&self) -> ClockReading {
        let wall_ms = self.0.load(Ordering::Relaxed);
        ClockReading {
            wall_ms,
            monotonic_ms: u64::try_from(wall_ms).unwrap(),
            boot: 1,
        }
    }
}

struct Bench {
    auth: Auth,
    clock: Arc<Hand>,
    _folder: tempfile::TempDir,
}

const LI: UserId = UserId(uuid::Uuid::from_u128(1));

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand(AtomicI64::new(1_000_000)));
    let env = Env {
        clock: clock.clone(),
        entropy: crate::system::system_env().unwrap().entropy,
    };
    let store = SqliteAuthStore::open(&folder.path().join("s.sqlite")).unwrap();
    let auth = Auth::new(Arc::new(store), env);
    auth.add_account(LI, "Li", Lang::ZhCn).unwrap();
    Bench {
        auth,
        clock,
        _folder: folder,
    }
}

impl Bench {
    fn later(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::Relaxed);
    }
    fn link(&self) -> String {
        self.auth
            .new_link(LI, LinkPurpose::SetPassword)
            .unwrap()
            .expose()
            .to_owned()
    }
}

#[test]
fn nobody_gets_in_before_a_password_was_set_at_a_link_that_works_once() {
    let bench = bench();
    assert!(matches!(
        bench.auth.sign_in("li", ""),
        Err(AuthError::WrongCredentials)
    ));
    let link = bench.link();
    assert!(matches!(
        bench.auth.set_password(&link, "short"),
        Err(AuthError::Password(PasswordError::TooShort))
    ));
    let session = bench.auth.set_password(&link, "a good password").unwrap();
    assert_eq!(
        bench
            .auth
            .session(session.expose())
            .unwrap()
            .unwrap()
            .account
            .user,
        LI
    );
    assert!(matches!(
        bench.auth.set_password(&link, "another password"),
        Err(AuthError::LinkUsed)
    ));
    assert!(bench.auth.sign_in("LI", "a good password").is_ok());
    assert!(matches!(
        bench.auth.sign_in("li", "another password"),
        Err(AuthError::WrongCredentials)
    ));
    assert!(matches!(
        bench.auth.sign_in("nobody", "a good password"),
        Err(AuthError::WrongCredentials)
    ));
}

#[test]
fn a_link_ends_with_its_day_and_signing_in_by_it_needs_its_purpose() {
    let bench = bench();
    let link = bench.link();
    assert!(matches!(
        bench.auth.sign_in_by_link(&link),
        Err(AuthError::LinkUsed)
    ));
    bench.later(LINK_MS);
    assert!(matches!(
        bench.auth.set_password(&link, "a good password"),
        Err(AuthError::LinkExpired)
    ));
    assert!(matches!(
        bench.auth.look_at_link("x"),
        Err(AuthError::LinkUnknown)
    ));
    let once = bench.auth.new_link(LI, LinkPurpose::SignIn).unwrap();
    assert!(bench.auth.sign_in_by_link(once.expose()).is_ok());
    assert!(matches!(
        bench.auth.sign_in_by_link(once.expose()),
        Err(AuthError::LinkUsed)
    ));
}

#[test]
fn a_session_ends_by_idleness_by_age_by_signing_out_and_by_a_new_password() {
    let bench = bench();
    let session = bench.auth.set_password(&bench.link(), "a good password").unwrap();
    let valid = |session: &Secret| bench.auth.session(session.expose()).unwrap().is_some();
    // Used each eleven hours it lives to its age limit, not longer.
    for _ in 0..30 {
        bench.later(11 * 3_600_000);
        assert!(valid(&session));
    }
    bench.later(11 * 3_600_000);
    assert!(!valid(&session));

    let session = bench.auth.sign_in("li", "a good password").unwrap();
    bench.later(SESSION_IDLE_MS);
    assert!(!valid(&session));

    let session = bench.auth.sign_in("li", "a good password").unwrap();
    bench.auth.sign_out(session.expose()).unwrap();
    assert!(!valid(&session));

    let session = bench.auth.sign_in("li", "a good password").unwrap();
    bench
        .auth
        .set_password(&bench.link(), "a better password")
        .unwrap();
    assert!(!valid(&session));
}

#[test]
fn tries_are_limited_per_login_and_a_success_forgives() {
    let bench = bench();
    bench.auth.set_password(&bench.link(), "a good password").unwrap();
    for _ in 0..9 {
        assert!(matches!(
            bench.auth.sign_in("li", "wrong"),
            Err(AuthError::WrongCredentials)
        ));
    }
    assert!(bench.auth.sign_in("li", "a good password").is_ok());
    for _ in 0..10 {
        assert!(matches!(
            bench.auth.sign_in("li", "wrong"),
            Err(AuthError::WrongCredentials)
        ));
    }
    assert!(matches!(
        bench.auth.sign_in("li", "a good password"),
        Err(AuthError::TooManyTries)
    ));
    bench.later(60_000);
    assert!(bench.auth.sign_in("li", "a good password").is_ok());
}

#[test]
fn two_sessions_have_two_csrf_tokens_and_secrets_do_not_show() {
    let bench = bench();
    let first = bench.auth.set_password(&bench.link(), "a good password").unwrap();
    let second = bench.auth.sign_in("li", "a good password").unwrap();
    let csrf = |session: &Secret| bench.auth.session(session.expose()).unwrap().unwrap().csrf;
    assert_ne!(csrf(&first), csrf(&second));
    assert_ne!(csrf(&first), first.expose());
    assert_eq!(format!("{first:?}"), "Secret(…)");
}

#[test]
fn logins_that_cannot_be_typed_or_are_taken_are_refused() {
    let bench = bench();
    let other = UserId(uuid::Uuid::from_u128(2));
    for login in ["", "two words", "LI", &"x".repeat(65)] {
        assert!(
            matches!(
                bench.auth.add_account(other, login, Lang::En),
                Err(AuthError::Login)
            ),
            "{login}"
        );
    }
}

#[test]
fn a_flood_of_made_up_logins_is_stopped_remembers_nothing_and_spares_the_accounts() {
    let bench = bench();
    bench.auth.set_password(&bench.link(), "a good password").unwrap();
    // Longer than any password: refused before it is hashed, so that this test is quick.
    let (password, mut refused) = ("x".repeat(300), 0);
    for n in 0..1_000 {
        let tried = bench.auth.sign_in(&format!("made-up-{n}"), &password);
        refused += usize::from(matches!(tried, Err(AuthError::TooManyTries)));
    }
    assert_eq!(refused, 900);
    assert_eq!((bench.auth.per_login.keys(), bench.auth.made_up.keys()), (0, 1));
    assert!(bench.auth.sign_in("li", "a good password").is_ok());
    // Endless ones are none either.
    for n in 0..200 {
        let endless = format!("{n}{}", "y".repeat(10_000));
        assert!(matches!(
            bench.auth.sign_in(&endless, "x"),
            Err(AuthError::WrongCredentials)
        ));
    }
    assert!(bench.auth.per_login.keys() <= 1 && bench.auth.made_up.keys() == 1);
}

#[tokio::test]
async fn so_many_passwords_are_checked_at_once_and_the_others_take_turns() {
    let bench = bench();
    let first = bench.auth.turn().await.unwrap();
    let _second = bench.auth.turn().await.unwrap();
    let third = bench.auth.turn();
    tokio::pin!(third);
    assert!(
        std::future::poll_fn(|context| std::task::Poll::Ready(third.as_mut().poll(context).is_pending()))
            .await
    );
    drop(first);
    assert!(third.await.is_some());
}
