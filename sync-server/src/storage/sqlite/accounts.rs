//! Devices, settings, number series.

use fieldseal_core::domain::ids::DeviceId;
use rusqlite::{Row, params};

use super::support::{Access, bytes, count, device, get, int, many, one, run, user};
use super::{Tx, WriteGuard};
use crate::storage::{DeviceRow, Hash, ReadAccounts, Result, StorageError, WriteAccounts};

macro_rules! device_sql {
    ($rest:literal) => {
        concat!(
            "SELECT id, user, tag, public_key, certificate, token_hash, name, start, created_at, revoked_at, last_seen
                FROM devices ",
            $rest
        )
    };
}

fn device_row(row: &Row<'_>) -> Result<DeviceRow> {
    Ok(DeviceRow {
        id: device(row, 0)?,
        user: user(row, 1)?,
        tag: bytes(row, 2)?,
        public_key: bytes(row, 3)?,
        certificate: get(row, 4)?,
        token_hash: bytes(row, 5)?,
        name: get(row, 6)?,
        start: count(row, 7)?,
        created_at: get(row, 8)?,
        revoked_at: get(row, 9)?,
        last_seen: get(row, 10)?,
    })
}

impl<A: Access> ReadAccounts for Tx<A> {
    fn device(&self, id: DeviceId) -> Result<Option<DeviceRow>> {
        one(
            self.access.connection(),
            device_sql!("WHERE id = ?1"),
            [id.0.as_bytes()],
            device_row,
        )
    }

    fn device_by_token(&self, token_hash: &Hash) -> Result<Option<DeviceRow>> {
        one(
            self.access.connection(),
            device_sql!("WHERE token_hash = ?1"),
            [token_hash],
            device_row,
        )
    }

    fn devices(&self) -> Result<Vec<DeviceRow>> {
        many(
            self.access.connection(),
            device_sql!("ORDER BY created_at, id"),
            [],
            device_row,
        )
    }

    fn setting(&self, key: &str) -> Result<Option<Vec<u8>>> {
        one(
            self.access.connection(),
            "SELECT value FROM settings WHERE key = ?1",
            [key],
            |row| get(row, 0),
        )
    }

    fn peek_number(&self, series: &str) -> Result<u64> {
        let sql = "SELECT last FROM numbers WHERE series = ?1";
        Ok(one(self.access.connection(), sql, [series], |row| count(row, 0))?.unwrap_or(0) + 1)
    }
}

impl WriteAccounts for Tx<WriteGuard<'_>> {
    fn put_device(&mut self, device: &DeviceRow) -> Result<()> {
        let sql = "INSERT INTO devices
            (id, user, tag, public_key, certificate, token_hash, name, start, created_at, revoked_at, last_seen)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            ON CONFLICT (id) DO UPDATE SET certificate = ?5, token_hash = ?6, name = ?7, start = ?8, revoked_at = ?10,
            last_seen = ?11";
        run(
            self.access.connection(),
            sql,
            params![
                device.id.0.as_bytes(),
                device.user.0.as_bytes(),
                device.tag,
                device.public_key,
                device.certificate,
                device.token_hash,
                device.name,
                int(device.start),
                device.created_at,
                device.revoked_at,
                device.last_seen,
            ],
        )
        .map(|_| ())
    }

    fn touch_device(&mut self, id: DeviceId, at: i64) -> Result<()> {
        let sql = "UPDATE devices SET last_seen = ?2 WHERE id = ?1";
        run(self.access.connection(), sql, params![id.0.as_bytes(), at]).map(|_| ())
    }

    fn put_setting(&mut self, key: &str, value: &[u8]) -> Result<()> {
        let sql =
            "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2";
        run(self.access.connection(), sql, params![key, value]).map(|_| ())
    }

    fn next_number(&mut self, series: &str) -> Result<u64> {
        let sql = "INSERT INTO numbers (series, last) VALUES (?1, 1)
            ON CONFLICT (series) DO UPDATE SET last = last + 1 RETURNING last";
        one(self.access.connection(), sql, [series], |row| count(row, 0))?.ok_or(StorageError::Damaged {
            what: "number series",
        })
    }
}
