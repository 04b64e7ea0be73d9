//! What a template's names can stand for, as far as it is known before there are any rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::warehouse::Kind;

/// The shape of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing is known of it.
    Any,
    /// A number, a text, a truth value or null.
    Scalar,
    /// A list of values of one shape.
    List(Arc<Shape>),
    /// A record, or null.
    Record(Arc<BTreeMap<String, Shape>>),
}

impl Shape {
    pub(super) fn record<N: Into<String>>(fields: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Record(Arc::new(fields.into_iter().map(|(name, shape)| (name.into(), shape)).collect()))
    }

    pub(super) fn list(item: Self) -> Self {
        Self::List(Arc::new(item))
    }

    /// A record whose fields are all scalars.
    pub(super) fn scalars<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self::record(names.into_iter().map(|name| (name, Self::Scalar)))
    }

    /// The shape of a row with these columns.
    pub(super) fn row(columns: Vec<(String, Kind)>) -> Self {
        Self::record(columns.into_iter().map(|(name, kind)| (name, Self::from(kind))))
    }

    /// What `each` goes through; `None` if it can go through nothing.
    pub(super) fn item(&self) -> Option<Self> {
        match self {
            Self::Any => Some(Self::Any),
            Self::Scalar => None,
            Self::List(item) => Some((**item).clone()),
            Self::Record(fields) => {
                let mut shapes = fields.values();
                let first = shapes.next().cloned().unwrap_or(Self::Any);
                Some(if shapes.all(|shape| *shape == first) { first } else { Self::Any })
            }
        }
    }

    /// The record with more fields, as a partial has it that was called with arguments.
    pub(super) fn with(&self, more: Vec<(String, Self)>) -> Self {
        match self {
            _ if more.is_empty() => self.clone(),
            Self::Record(fields) => {
                let mut fields = (**fields).clone();
                fields.extend(more);
                Self::Record(Arc::new(fields))
            }
            Self::Scalar => Self::record(more),
            Self::Any | Self::List(_) => Self::Any,
        }
    }

    /// A field of a record; anything, if it is not known.
    pub(super) fn field(&self, name: &str) -> Self {
        match self {
            Self::Record(fields) => fields.get(name).cloned().unwrap_or(Self::Any),
            _ => Self::Any,
        }
    }

    /// The names of a record's fields.
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::Record(fields) => fields.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

impl From<Kind> for Shape {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Scalar => Self::Scalar,
            Kind::List(item) => Self::list(Self::from(*item)),
            Kind::Struct(fields) => Self::row(fields),
        }
    }
}
