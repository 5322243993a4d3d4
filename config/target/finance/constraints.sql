alter table orders alter column user_id set not null;
alter table orders alter column status set not null;
alter table orders alter column subtotal set not null;
alter table orders alter column discount_amount set not null;
alter table orders alter column tax_amount set not null;
alter table orders alter column total set not null;
alter table orders alter column created_at set not null;
alter table orders alter column updated_at set not null;
alter table orders add constraint orders_pkey primary key (id);
alter table orders add constraint orders_check check (total = subtotal - discount_amount + tax_amount);
alter table orders add constraint orders_status_check check (
    status in ('PAID', 'PENDING', 'FAILED', 'REFUNDED', 'CANCELLED')
);
alter table orders add constraint orders_user_id_fkey foreign key (user_id) references users (id);
alter table orders add constraint orders_coupon_id_fkey
    foreign key (coupon_id) references coupons (id) on delete set null;
create index orders_user_id_placed_at_idx on orders (user_id, placed_at);
create index orders_coupon_id_idx on orders (coupon_id);
create index orders_status_idx on orders (status);

alter table order_items alter column order_id set not null;
alter table order_items alter column quantity set not null;
alter table order_items alter column unit_price set not null;
alter table order_items alter column line_total set not null;
alter table order_items alter column created_at set not null;
alter table order_items alter column updated_at set not null;
alter table order_items add constraint order_items_pkey primary key (id);
alter table order_items add constraint order_items_quantity_check check (quantity > 0);
alter table order_items add constraint order_items_order_id_fkey
    foreign key (order_id) references orders (id) on delete cascade;
alter table order_items add constraint order_items_pricing_package_id_fkey
    foreign key (pricing_package_id) references pricing_packages (id) on delete set null;
create index order_items_order_id_idx on order_items (order_id);
create index order_items_pricing_package_id_idx on order_items (pricing_package_id);

alter table payment_gateway_configs alter column gateway set not null;
alter table payment_gateway_configs alter column is_active set not null;
alter table payment_gateway_configs alter column created_at set not null;
alter table payment_gateway_configs alter column updated_at set not null;
alter table payment_gateway_configs add constraint payment_gateway_configs_pkey primary key (id);
alter table payment_gateway_configs add constraint payment_gateway_configs_gateway_key unique (gateway);

alter table payment_transactions alter column order_id set not null;
alter table payment_transactions alter column payment_id set not null;
alter table payment_transactions alter column amount set not null;
alter table payment_transactions alter column status set not null;
alter table payment_transactions alter column created_at set not null;
alter table payment_transactions alter column updated_at set not null;
alter table payment_transactions add constraint payment_transactions_pkey primary key (id);
alter table payment_transactions add constraint payment_transactions_payment_id_key unique (payment_id);
alter table payment_transactions add constraint payment_transactions_status_check check (
    status in ('PAID', 'PENDING', 'FAILED', 'REFUNDED', 'CANCELLED')
);
alter table payment_transactions add constraint payment_transactions_order_id_fkey
    foreign key (order_id) references orders (id);
alter table payment_transactions add constraint payment_transactions_payment_id_fkey
    foreign key (payment_id) references payments (id);
alter table payment_transactions add constraint payment_transactions_payment_gateway_config_id_fkey
    foreign key (payment_gateway_config_id) references payment_gateway_configs (id);
create index payment_transactions_order_id_idx on payment_transactions (order_id);
create index payment_transactions_payment_gateway_config_id_idx on payment_transactions (payment_gateway_config_id);
create index payment_transactions_gateway_reference_idx on payment_transactions (gateway_reference);

alter table tax_rules alter column name set not null;
alter table tax_rules alter column rate set not null;
alter table tax_rules alter column created_at set not null;
alter table tax_rules alter column updated_at set not null;
alter table tax_rules add constraint tax_rules_pkey primary key (id);
alter table tax_rules add constraint tax_rules_rate_check check (rate between 0 and 1);
create index tax_rules_country_region_idx on tax_rules (country, region);
