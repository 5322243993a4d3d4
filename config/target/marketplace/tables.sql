-- How a review is presented, apart from the review itself.
create table review_display_settings (
    review_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);
