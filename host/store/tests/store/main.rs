//! One suite over both databases. Every case of `both` runs on SQLite as a test of its own; on
//! PostgreSQL all cases run in one test, so that one server serves them all, each case in a
//! database of its own.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a case fails by panicking")]

mod audit;
mod before_seals;
mod catalogs;
mod claims;
mod exports;
mod external_users;
mod hosts;
mod leases;
mod lifecycle;
mod locations;
mod make;
mod namespaces;
mod passwords;
mod postgres;
mod principals;
mod reseal;
mod retention;
mod revocations;
mod roles;
mod sealing;
mod search;
mod service_users;
mod snapshots;
mod tables;
mod tamper;
mod tenants;
mod testdb;
mod tokens;
mod users;
mod warehouse_seals;
mod warehouses;

macro_rules! suite {
    (both: [$($module:ident::$case:ident),+ $(,)?], sqlite: [$($s_module:ident::$s_case:ident),+ $(,)?],
     postgres: [$($p_module:ident::$p_case:ident),+ $(,)?]) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$module::$case(super::testdb::TestDb::sqlite().await).await;
            })+
            $(#[tokio::test]
            async fn $s_case() {
                super::$s_module::$s_case().await;
            })+
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn postgres_runs_every_case() {
            let cluster = postgres::Cluster::start().await;
            let mut failed = Vec::new();
            $({
                let db = testdb::TestDb::postgres(&cluster).await;
                if tokio::spawn($module::$case(db)).await.is_err() {
                    failed.push(stringify!($case));
                }
            })+
            $({
                let db = testdb::TestDb::postgres(&cluster).await;
                if tokio::spawn($p_module::$p_case(db)).await.is_err() {
                    failed.push(stringify!($p_case));
                }
            })+
            assert!(failed.is_empty(), "failed on PostgreSQL: {failed:?}");
        }
    };
}

suite! {
    both: [
        tenants::a_tenant_is_made_changed_and_listed,
        tenants::a_tenant_in_use_stays_and_an_unused_one_goes_whole,
        users::a_user_is_made_changed_and_listed,
        users::a_deleted_user_leaves_no_rights_and_no_token,
        external_users::an_external_user_is_made_once,
        external_users::a_name_belongs_to_one_account,
        external_users::claimed_roles_stand_beside_stored_ones,
        tokens::a_token_is_recorded_and_revoked,
        tokens::ended_tokens_are_forgotten,
        service_users::a_service_user_is_made_changed_and_listed,
        service_users::keys_are_hashes_and_their_use_is_noted_now_and_then,
        service_users::a_rotated_key_ends_with_what_came_of_it,
        service_users::a_chain_of_tokens_ends_as_a_whole,
        service_users::no_exchange_outruns_a_revocation,
        roles::built_in_roles_stay_and_own_roles_change,
        roles::a_role_is_given_within_its_tenant_only,
        roles::grants_belong_to_a_user_of_the_tenant,
        roles::grants_on_a_table_follow_it,
        principals::a_principal_has_what_was_given_at_once,
        warehouses::a_warehouse_reads_back_whole,
        warehouses::a_warehouse_is_changed_at_its_revision_only,
        warehouses::a_warehouse_with_catalogs_stays_and_contains_them,
        sealing::secrets_are_not_in_the_row_and_do_not_open_in_another,
        sealing::an_unknown_key_is_named,
        reseal::everything_is_sealed_anew_and_the_old_key_can_go,
        reseal::values_of_the_first_form_get_their_tenant,
        reseal::what_does_not_open_is_named_and_left,
        reseal::every_sealed_column_is_known,
        warehouse_seals::a_column_that_was_changed_is_refused,
        warehouse_seals::another_rows_seal_is_refused,
        warehouse_seals::a_row_without_a_seal_is_never_adopted,
        warehouse_seals::rows_of_before_are_sealed_once,
        warehouse_seals::rows_of_before_are_not_sealed_under_another_ring,
        warehouse_seals::a_row_that_was_changed_is_written_anew,
        warehouse_seals::a_rotation_leaves_what_was_changed,
        warehouse_seals::a_lease_ends_with_its_own_papers,
        claims::a_role_and_a_base_belong_to_one_tenant,
        claims::roots_word_counts_at_once,
        claims::a_secret_reference_belongs_to_one_tenant,
        catalogs::a_catalog_is_made_changed_and_listed,
        catalogs::bases_of_catalogs_do_not_overlap,
        catalogs::a_snapshot_has_warehouse_and_siblings,
        catalogs::a_catalog_in_use_stays,
        namespaces::namespaces_nest_below_existing_parents,
        namespaces::a_namespace_in_use_stays,
        namespaces::pages_are_in_byte_order,
        tables::a_table_is_made_once,
        tables::a_commit_replaces_the_version_it_names,
        tables::several_commits_happen_all_or_none,
        tables::a_table_is_renamed_and_dropped,
        tables::one_of_many_commits_wins,
        locations::no_table_contains_another,
        locations::a_commit_cannot_move_onto_another_table,
        locations::one_of_two_overlapping_tables_is_made,
        locations::exclusive_is_asked_again_when_locations_change,
        snapshots::warm_reads_run_no_sql,
        snapshots::a_stale_read_never_sticks,
        snapshots::a_commit_counts_though_its_caller_went_away,
        revocations::a_revocation_stands_once_and_is_lifted,
        revocations::a_principal_loses_tokens_and_is_marked,
        revocations::a_mint_and_a_revocation_see_each_other,
        revocations::what_is_out_is_counted_by_target,
        revocations::what_never_ends_and_what_is_leased_has_one_row,
        revocations::what_has_ended_is_forgotten,
        revocations::leases_end_with_whom_they_were_handed_to,
        revocations::a_dropped_table_ends_what_serves_no_other,
        revocations::deactivated_and_deleted_users_are_cut_off,
        revocations::the_identifier_of_a_table_cuts_off_nothing_else,
        revocations::a_tenant_reaches_no_other_by_the_identifier_of_a_table,
        revocations::where_a_revoked_table_lay_no_other_comes_to_lie,
        revocations::warm_cuts_run_no_sql,
        leases::a_lease_is_kept_from_its_intent_to_its_end,
        leases::what_is_secret_of_a_lease_is_sealed_in_its_place,
        leases::a_warm_lease_runs_no_sql,
        leases::a_resource_has_one_holder,
        leases::an_end_that_was_asked_for_counts_at_once,
        leases::what_is_due_comes_up_again_after_its_pause,
        leases::each_tenant_has_its_turn_when_much_is_due,
        leases::leases_end_with_their_warehouse,
        leases::another_tenants_secret_is_not_used_for_an_old_lease,
        leases::leases_are_listed_by_tenant_and_filter,
        audit::events_are_found_by_filter_newest_first,
        audit::many_events_at_once_make_one_chain,
        audit::a_chain_goes_on_after_a_restart,
        audit::nothing_is_recorded_without_the_table,
        passwords::a_password_is_changed_once_and_ends_the_other_sessions,
        search::everything_comes_up_once_in_order,
        search::a_long_list_is_read_in_parts,
        search::a_cursor_is_for_one_user_and_shows_nothing,
        audit::pages_stay_while_events_are_written,
        tamper::every_kind_of_tampering_shows,
        tamper::a_rebuilt_chain_has_no_seal,
        tamper::what_was_done_stays_to_be_seen,
        tamper::chains_of_two_hosts_cannot_be_swapped,
        tamper::seals_outlive_a_rotation,
        retention::old_events_go_and_the_chain_goes_on,
        retention::only_the_start_of_a_chain_goes,
        retention::many_old_events_go_in_steps,
        retention::retention_hides_no_tampering,
        retention::nobody_is_alarmed_while_others_write_and_prune,
        before_seals::an_older_database_is_sealed_as_it_is,
        exports::everything_goes_out_with_its_seals,
        exports::a_reader_stands_beside_a_host,
    ],
    sqlite: [
        lifecycle::a_second_process_is_refused,
        lifecycle::files_are_private,
        lifecycle::migrations_are_looked_at_without_doing_them,
        lifecycle::a_newer_schema_is_refused,
        lifecycle::other_urls_are_refused,
        sealing::no_secret_is_in_the_files,
        leases::a_lock_of_a_process_that_is_gone_is_free,
    ],
    postgres: [
        hosts::two_hosts_see_each_others_changes,
        service_users::a_key_ends_on_every_host,
        hosts::strict_sees_at_once,
        hosts::two_hosts_may_not_both_commit,
        hosts::two_hosts_may_share_a_chain,
        retention::two_hosts_may_prune_at_once,
        reseal::rotation_goes_on_beside_a_running_host,
        warehouse_seals::another_host_checks_what_it_reads,
        revocations::another_host_knows_within_a_second,
        revocations::one_of_many_revocations_stands,
        leases::one_of_two_hosts_works_on_a_resource,
        leases::whoever_has_the_lock_sees_what_the_other_host_did,
    ]
}
