use super::*;
use crate::testing::env;

#[test]
fn hmac_matches_an_independent_implementation() {
    // Python: hmac.new(bytes(range(32)), b"what do ya want for nothing?", "sha256").hexdigest()
    let key: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
    let mac = hmac_sha256(&key, &[b"what do ya want ", b"for nothing?"]);
    assert_eq!(
        hex::encode(mac),
        "099805f4ac310786968565c098db515cc50862b420ae31e20238312344bed36a"
    );
}

#[test]
fn keys_are_created_once_private_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = ServerKeys::open(folder.path(), &env(1)).unwrap();
    let again = ServerKeys::open(folder.path(), &env(2)).unwrap();
    assert_eq!(first.organisation().to_bytes(), again.organisation().to_bytes());
    assert_eq!(first.tag(), again.tag());
    assert_eq!(
        first.proof("directory", &[1; 32]),
        again.proof("directory", &[1; 32])
    );
    assert_ne!(
        first.proof("directory", &[1; 32]),
        first.proof("directory", &[2; 32])
    );
    assert_ne!(
        first.proof("directory", &[1; 32]),
        first.proof("reference/index", &[1; 32])
    );
    #[cfg(unix)]
    for name in ["organisation.key", "proof.key", "server.tag"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_key_file_of_a_wrong_length_is_an_error_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("proof.key"), b"short").unwrap();
    assert!(matches!(
        ServerKeys::open(folder.path(), &env(1)),
        Err(KeysError::Length { name: "proof.key" })
    ));
    assert_eq!(std::fs::read(folder.path().join("proof.key")).unwrap(), b"short");
}
