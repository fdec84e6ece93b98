// The styleguide's page: makes its samples behave.

import { createDialog, createTabs, toast } from "../shared/components.js";
import { byId } from "../shared/dom.js";
import { createTheme } from "../shared/theme.js";

createTheme({ buttons: [], onChange() {} });
document.querySelectorAll("[role=tablist]").forEach((list) => createTabs(list));
createDialog(byId("confirm"), [byId("open-confirm")]);
createDialog(byId("drawer"), [byId("open-drawer")]);
byId("make-toast").addEventListener("click", () => toast(byId("toasts"), "Something went well.", "success"));
