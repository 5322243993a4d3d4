select density from user_settings where user_id = '00000000-0000-0000-0000-0000000000a1';
