-- The latest run of each profile and kind into a target schema. closed_gates: critical ones of its latest build that did
-- not pass and that nobody waived.
select distinct on (r.profile, r.dry_run) r.run_id, r.profile, r.dry_run, r.state,
       (
           select count(*) filter (where g.state in ('failed', 'error') and w.check_name is null)
           from migration.gates g left join migration.waivers w using (run_id, build_oid, check_name)
           where g.run_id = r.run_id and g.severity = 'critical' and g.build_oid = latest.build_oid
       ) as closed_gates,
       exists (
           select from migration.gates g
           where g.run_id = r.run_id and g.build_oid = latest.build_oid and g.state = 'awaiting'
       ) as awaits_approval
from migration.runs r
left join lateral (
    select g.build_oid from migration.gates g where g.run_id = r.run_id order by g.judged_at desc limit 1
) latest on true
where r.target_schema = %s
order by r.profile, r.dry_run, r.started_at desc, r.run_id desc
