-- What a user bought; the total is what was paid.
create table orders (
    id uuid default gen_random_uuid(),
    user_id uuid,
    status text,
    currency char(3),
    subtotal numeric(14,2),
    discount_amount numeric(14,2) default 0,
    tax_amount numeric(14,2) default 0,
    total numeric(14,2),
    coupon_id uuid,
    placed_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- The positions of an order.
create table order_items (
    id uuid default gen_random_uuid(),
    order_id uuid,
    pricing_package_id uuid,
    description text,
    quantity integer default 1,
    unit_price numeric(14,2),
    line_total numeric(14,2),
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- The payment gateways and their settings, one row each.
create table payment_gateway_configs (
    id uuid default gen_random_uuid(),
    gateway text,
    display_name text,
    is_active boolean default true,
    settings jsonb default '{}'::jsonb,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What happened at the gateway for one payment of an order.
create table payment_transactions (
    id uuid default gen_random_uuid(),
    order_id uuid,
    payment_id uuid,
    payment_gateway_config_id uuid,
    gateway_reference text,
    amount numeric(14,2),
    currency char(3),
    status text,
    processed_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- Tax rates by country and region; a rate of 0.18 is 18 per cent.
create table tax_rules (
    id uuid default gen_random_uuid(),
    name text,
    country char(2),
    region text,
    rate numeric(6,4),
    applies_to text,
    valid_from timestamptz,
    valid_to timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);
