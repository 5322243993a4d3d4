select (amount = 1234.50::money)::text from payments where id = 1;
