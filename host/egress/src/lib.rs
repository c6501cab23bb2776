//! Outgoing HTTP under the egress policy.
