// What every signed-in page needs; each part attaches itself through data- attributes.
import "./theme.js";
import "./times.js";
import "./keys.js";
import "./forms.js";
import "./messages.js";
import "./live.js";
import "./queue.js";
import "./search.js";
import "./bell.js";
import "./install.js";
