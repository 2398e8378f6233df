// The entry of every page. Each part looks for its own marks and does nothing where there are none.
import { watchCopyButtons } from "./copy.js";
import { watchPresets } from "./presets.js";
import { watchPreview } from "./preview.js";
import { watchSearch } from "./search.js";
import { guardSecret } from "./secret.js";
import { watchSelection } from "./selection.js";
import { keepTimes, proposeZone } from "./times.js";
import { watchToolbar } from "./toolbar.js";

watchCopyButtons();
watchPresets();
watchPreview();
watchSearch();
guardSecret();
watchSelection();
keepTimes();
proposeZone();
watchToolbar();
