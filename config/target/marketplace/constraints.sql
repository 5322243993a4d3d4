alter table review_display_settings alter column created_at set not null;
alter table review_display_settings alter column updated_at set not null;
alter table review_display_settings add constraint review_display_settings_pkey primary key (review_id);
alter table review_display_settings add constraint review_display_settings_review_id_fkey
    foreign key (review_id) references reviews (id) on delete cascade;
