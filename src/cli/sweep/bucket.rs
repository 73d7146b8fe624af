//! A folder of an object store that speaks S3: what machines without a common disk can share.
//!
//! An object is there whole or not at all, and a run that is written again is the same bytes: nothing needs to be
//! renamed or locked. Knows S3 through the crate `object_store` alone; who may enter is told by the environment, in
//! the variables that the tools of AWS read (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`,
//! `AWS_ENDPOINT_URL`).

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{ObjectStore, PutPayload};
use tokio::runtime::Runtime;

use super::shelf::Shelf;
use crate::error::Error;

/// A folder of a bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    /// As the user named it.
    url: PathBuf,
    /// What all names in it begin with.
    folder: Key,
    store: AmazonS3,
    runtime: Runtime,
}

impl Bucket {
    /// Opens `s3://BUCKET/FOLDER`; nothing is read.
    ///
    /// # Errors
    /// Where the address is none, or the environment does not tell how to get in.
    pub(super) fn open(url: &Path) -> Result<Self, Error> {
        let text = url.to_string_lossy();
        let refused = |why: &str| {
            let remedy =
                "write s3://BUCKET/FOLDER, and see AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION";
            Error::Usage(format!("{text}: {why}\n  {remedy}"))
        };
        let (_, folder) = text.trim_start_matches("s3://").split_once('/').unwrap_or_default();
        if folder.trim_matches('/').is_empty() {
            return Err(refused("this names a bucket, and no folder in it"));
        }
        let store = AmazonS3Builder::from_env().with_url(text.as_ref()).build();
        Ok(Self {
            url: url.to_owned(),
            folder: Key::from(folder),
            store: store.map_err(|error| refused(&error.to_string()))?,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| Error::Run(format!("{text}: no connection: {error}")))?,
        })
    }

    fn key(&self, name: &str) -> Key {
        name.split('/').filter(|part| !part.is_empty()).fold(self.folder.clone(), |key, part| key.child(part))
    }

    fn failed(&self, name: &str, error: object_store::Error) -> Error {
        Error::Output {
            path: self.place(name),
            source: io::Error::other(error),
            remedy: "check the address, the credentials and the connection".to_owned(),
        }
    }

    /// Adds all objects below a key, folder by folder.
    fn below(&self, under: &Key, found: &mut Vec<(String, SystemTime)>) -> Result<(), object_store::Error> {
        let listed = self.runtime.block_on(self.store.list_with_delimiter(Some(under)))?;
        for object in listed.objects {
            let key = object.location.as_ref();
            let name = key.strip_prefix(self.folder.as_ref()).unwrap_or(key).trim_start_matches('/');
            found.push((name.to_owned(), object.last_modified.into()));
        }
        listed.common_prefixes.iter().try_for_each(|folder| self.below(folder, found))
    }
}

impl Shelf for Bucket {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let key = self.key(name);
        let got = self.runtime.block_on(async { self.store.get(&key).await?.bytes().await });
        match got {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let (key, payload) = (self.key(name), PutPayload::from(bytes.to_vec()));
        let put = self.runtime.block_on(self.store.put(&key, payload));
        put.map(drop).map_err(|error| self.failed(name, error))
    }

    fn remove(&self, name: &str) -> Result<(), Error> {
        match self.runtime.block_on(self.store.delete(&self.key(name))) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    fn list(&self, under: &str) -> Result<Vec<(String, SystemTime)>, Error> {
        let mut found = Vec::new();
        self.below(&self.key(under), &mut found).map_err(|error| self.failed(under, error))?;
        found.sort();
        Ok(found)
    }

    fn is_free(&self) -> io::Result<bool> {
        self.list("").map(|names| names.is_empty()).map_err(io::Error::other)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.url.join(name)
    }
}
