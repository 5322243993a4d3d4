-- The professionals by the ids that may name them, and the roots that these lead to: null where they were rejected. An
-- id that leads to several roots names none.
select f.legacy_id as name, min(f.root_id) filter (where f.rejected is null) as root_id
from professional f where f.legacy_id is not null
group by f.legacy_id
having coalesce(min(f.root_id) filter (where f.rejected is null) = max(f.root_id) filter (where f.rejected is null), true)
