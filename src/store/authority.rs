//! The authority of this machine's own and the certificate that it signed last, with their keys.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::time::{of_unix_millis, unix_millis};

/// An authority as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptAuthority {
    /// What devices call it.
    pub name: String,
    /// The machine's name when it was made; may be empty.
    pub host: String,
    /// DER.
    pub certificate: Vec<u8>,
    /// PKCS #8.
    pub key: Vec<u8>,
    /// When it ends.
    pub until: SystemTime,
}

/// A certificate by it as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptLeaf {
    /// DER.
    pub certificate: Vec<u8>,
    /// PKCS #8.
    pub key: Vec<u8>,
    /// What it is for, one in a line.
    pub names: String,
    /// From when on it holds.
    pub from: SystemTime,
}

/// The authority, if one was made.
///
/// # Errors
///
/// The database's.
pub fn read(connection: &Connection) -> rusqlite::Result<Option<KeptAuthority>> {
    let of_row = |row: &Row<'_>| {
        Ok(KeptAuthority {
            name: row.get("name")?,
            host: row.get("host")?,
            certificate: row.get("certificate")?,
            key: row.get("key")?,
            until: of_unix_millis(row.get("until")?),
        })
    };
    let select = "SELECT name, host, certificate, key, until FROM authority";
    connection.query_row(select, (), of_row).optional()
}

/// Stores the authority in the place of the one before, if there is one; what that signed goes too.
///
/// # Errors
///
/// The database's.
pub fn put(connection: &Connection, authority: &KeptAuthority) -> rusqlite::Result<()> {
    let KeptAuthority { name, host, certificate, key, until } = authority;
    let values = named_params! {
        ":name": name, ":host": host, ":certificate": certificate, ":key": key,
        ":until": unix_millis(*until)
    };
    let replace = "INSERT OR REPLACE INTO authority (id, name, host, certificate, key, until) \
                   VALUES (1, :name, :host, :certificate, :key, :until)";
    connection.execute("DELETE FROM leaf", ())?;
    connection.execute(replace, values).map(drop)
}

/// The certificate that it signed last.
///
/// # Errors
///
/// The database's.
pub fn leaf(connection: &Connection) -> rusqlite::Result<Option<KeptLeaf>> {
    let of_row = |row: &Row<'_>| {
        Ok(KeptLeaf {
            certificate: row.get("certificate")?,
            key: row.get("key")?,
            names: row.get("names")?,
            from: of_unix_millis(row.get("from")?),
        })
    };
    let select = "SELECT certificate, key, names, \"from\" FROM leaf";
    connection.query_row(select, (), of_row).optional()
}

/// Stores a certificate in the place of the one before.
///
/// # Errors
///
/// The database's.
pub fn put_leaf(connection: &Connection, leaf: &KeptLeaf) -> rusqlite::Result<()> {
    let KeptLeaf { certificate, key, names, from } = leaf;
    let values = named_params! {
        ":certificate": certificate, ":key": key, ":names": names, ":from": unix_millis(*from)
    };
    let replace = "INSERT OR REPLACE INTO leaf (id, certificate, key, names, \"from\") \
                   VALUES (1, :certificate, :key, :names, :from)";
    connection.execute(replace, values).map(drop)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_authority_is_kept_and_its_last_certificate() {
        let database = Connection::open_in_memory().unwrap();
        database.execute_batch(include_str!("schema.sql")).unwrap();
        assert!(read(&database).unwrap().is_none() && leaf(&database).unwrap().is_none());
        let authority = KeptAuthority {
            name: "livestream on cam".into(),
            host: "cam".into(),
            certificate: vec![1, 2],
            key: vec![3],
            until: SystemTime::UNIX_EPOCH + Duration::from_millis(9),
        };
        put(&database, &authority).unwrap();
        assert!(read(&database).unwrap().unwrap() == authority);
        for number in 0..2 {
            let from = SystemTime::UNIX_EPOCH + Duration::from_millis(5);
            let names = "cam.local\n".into();
            let one = KeptLeaf { certificate: vec![number], key: vec![4], names, from };
            put_leaf(&database, &one).unwrap();
            assert!(leaf(&database).unwrap().unwrap() == one);
        }
        put(&database, &authority).unwrap();
        assert!(leaf(&database).unwrap().is_none(), "it was by the one before");
    }
}
