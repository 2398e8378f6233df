-- Container repositories are packages of their feed, in the lists and the index as those of other kinds: one for each that
-- was told of. Its newest "version" is the tag that was pushed last; the tags stay in container_images.
INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, listed_plain_versions,
  listed_stable_plain_versions, downloads, created_at, newest, package_types)
SELECT CAST(gen_random_uuid() AS TEXT),
  i.feed, 'container', i.repository, i.repository, i.repository, COUNT(*), COUNT(*), COUNT(*), COUNT(*),
  CAST(SUM(i.pulls) AS BIGINT), MIN(i.pushed_at),
  (SELECT last.tag FROM container_images last WHERE last.feed = i.feed AND last.repository = i.repository
      ORDER BY last.pushed_at DESC, last.tag LIMIT 1),
  ''
FROM container_images i JOIN feeds f ON f.id = i.feed GROUP BY i.feed, i.repository;
