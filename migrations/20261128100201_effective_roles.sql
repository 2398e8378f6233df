-- The role that counts of every account in every feed: the one it was given there, else everybody's; none where there is
-- neither. It is asked for by feed and account, and then costs three look-ups by key.
CREATE VIEW effective_roles AS
SELECT f.id AS feed, a.id AS account, COALESCE(m.role, f.everyone_role) AS role
FROM feeds f CROSS JOIN accounts a LEFT JOIN members m ON m.feed = f.id AND m.account = a.id;
