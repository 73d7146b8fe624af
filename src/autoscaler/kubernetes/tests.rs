//! Kubernetes' own cases, retyped as tables.
