//! Receipts of large blobs, uploads under way.

use fieldseal_core::domain::ids::{DeviceId, UserId};
use rusqlite::{Row, params};

use super::support::{Access, bytes, count, device, get, int, many, one, run};
use super::{Tx, WriteGuard};
use crate::storage::{FileRow, Hash, ReadUploads, Result, UploadRow, WriteUploads};

fn file_row(row: &Row<'_>) -> Result<FileRow> {
    Ok(FileRow {
        sha256: bytes(row, 0)?,
        device: device(row, 1)?,
        at: get(row, 2)?,
        size: count(row, 3)?,
        row: count(row, 4)?,
    })
}

fn upload_row(row: &Row<'_>) -> Result<UploadRow> {
    Ok(UploadRow {
        device: device(row, 0)?,
        sha256: bytes(row, 1)?,
        size: count(row, 2)?,
        begun: get(row, 3)?,
        moved: get(row, 4)?,
    })
}

impl<A: Access> ReadUploads for Tx<A> {
    fn file(&self, sha256: &Hash) -> Result<Option<FileRow>> {
        let sql = "SELECT sha256, device, at, size, row FROM files WHERE sha256 = ?1";
        one(self.access.connection(), sql, [sha256], file_row)
    }

    fn files_after(&self, after: Option<&Hash>, limit: u32) -> Result<Vec<FileRow>> {
        let sql =
            "SELECT sha256, device, at, size, row FROM files WHERE sha256 > ?1 ORDER BY sha256 LIMIT ?2";
        // The empty blob stands before every hash.
        let after: &[u8] = after.map_or(&[], |hash| hash.as_slice());
        many(self.access.connection(), sql, params![after, limit], file_row)
    }

    fn upload(&self, device: DeviceId, sha256: &Hash) -> Result<Option<UploadRow>> {
        let sql = "SELECT device, sha256, size, begun, moved FROM uploads WHERE device = ?1 AND sha256 = ?2";
        let params = params![device.0.as_bytes(), sha256];
        one(self.access.connection(), sql, params, upload_row)
    }

    fn uploading(&self, sha256: &Hash) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM uploads WHERE sha256 = ?1)";
        Ok(one(self.access.connection(), sql, [sha256], |row| get(row, 0))?.unwrap_or(false))
    }

    fn open_bytes(&self, device: DeviceId) -> Result<u64> {
        let sql = "SELECT coalesce(sum(size), 0) FROM uploads WHERE device = ?1";
        let bytes = one(self.access.connection(), sql, [device.0.as_bytes()], |row| {
            count(row, 0)
        })?;
        Ok(bytes.unwrap_or(0))
    }

    fn begun_bytes(&self, device: DeviceId, day: i64) -> Result<u64> {
        let sql = "SELECT bytes FROM upload_days WHERE device = ?1 AND day = ?2";
        let params = params![device.0.as_bytes(), day];
        let bytes = one(self.access.connection(), sql, params, |row| count(row, 0))?;
        Ok(bytes.unwrap_or(0))
    }

    fn uploads_until(&self, moved: i64, limit: u32) -> Result<Vec<UploadRow>> {
        let sql = "SELECT device, sha256, size, begun, moved FROM uploads WHERE moved <= ?1
            ORDER BY moved, sha256 LIMIT ?2";
        many(self.access.connection(), sql, params![moved, limit], upload_row)
    }

    fn named_by(&self, sha256: &Hash, engineer: UserId) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM blob_names WHERE sha256 = ?1 AND writer = ?2)";
        let params = params![sha256, engineer.0.as_bytes()];
        Ok(one(self.access.connection(), sql, params, |row| get(row, 0))?.unwrap_or(false))
    }
}

impl WriteUploads for Tx<WriteGuard<'_>> {
    fn put_file(&mut self, file: &FileRow) -> Result<()> {
        let sql = "INSERT INTO files (sha256, device, at, size, row) VALUES (?1, ?2, ?3, ?4, ?5)";
        let device = file.device.0;
        let params = params![
            file.sha256,
            device.as_bytes(),
            file.at,
            int(file.size),
            int(file.row)
        ];
        run(self.access.connection(), sql, params).map(|_| ())
    }

    fn put_upload(&mut self, upload: &UploadRow) -> Result<()> {
        let sql = "INSERT INTO uploads (device, sha256, size, begun, moved) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (device, sha256) DO UPDATE SET size = ?3, begun = ?4, moved = ?5";
        let device = upload.device.0;
        let params = params![
            device.as_bytes(),
            upload.sha256,
            int(upload.size),
            upload.begun,
            upload.moved
        ];
        run(self.access.connection(), sql, params).map(|_| ())
    }

    fn drop_upload(&mut self, device: DeviceId, sha256: &Hash) -> Result<()> {
        let sql = "DELETE FROM uploads WHERE device = ?1 AND sha256 = ?2";
        let params = params![device.0.as_bytes(), sha256];
        run(self.access.connection(), sql, params).map(|_| ())
    }

    fn count_begun(&mut self, device: DeviceId, day: i64, bytes: u64) -> Result<()> {
        let connection = self.access.connection();
        let sql = "DELETE FROM upload_days WHERE device = ?1 AND day < ?2";
        run(connection, sql, params![device.0.as_bytes(), day - 1])?;
        let sql = "INSERT INTO upload_days (device, day, bytes) VALUES (?1, ?2, ?3)
            ON CONFLICT (device, day) DO UPDATE SET bytes = bytes + ?3";
        run(connection, sql, params![device.0.as_bytes(), day, int(bytes)]).map(|_| ())
    }
}
