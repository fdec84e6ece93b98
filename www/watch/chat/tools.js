// The tools at the message that is looked at: react, reply, more. They are there once, and go where
// the pointer, the finger or the focus is.

import { byId } from "../../shared/dom.js";

/**
 * `onReact`, `onReply`, `onMore` get the message's number and the button; `canTalk()`, and
 * `hasMore(seq)`, say what there is to do.
 */
export function createTools({ canTalk, hasMore, onReact, onReply, onMore }) {
  const list = byId("chat-log");
  const tools = byId("said-tools");
  const [react, reply, more] = ["said-react", "said-reply", "said-more"].map(byId);

  function moveTo(element) {
    if (!element || tools.querySelector("[aria-expanded=true]")) {
      return;
    }
    react.hidden = !canTalk();
    reply.hidden = !canTalk() || element.classList.contains("gift");
    more.hidden = !hasMore(Number(element.dataset.seq));
    tools.hidden = react.hidden && more.hidden;
    if (tools.parentElement !== element) {
      element.append(tools);
      for (const button of tools.children) {
        button.tabIndex = element.tabIndex;
      }
      // Under the message they may be out of view.
      tools.scrollIntoView({ block: "nearest", behavior: "instant" });
    }
  }

  const find = (event) => event.target.closest?.(".said");
  const seqOf = () => Number(tools.closest(".said").dataset.seq);

  list.addEventListener("pointerover", (event) => event.pointerType === "mouse" && moveTo(find(event)));
  list.addEventListener("focusin", (event) => moveTo(find(event)));
  list.addEventListener("click", (event) => {
    // Not every browser gives a tapped message the focus.
    if (!event.target.closest("a, button")) {
      moveTo(find(event));
    }
  });
  list.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches(".said")) {
      event.preventDefault();
      (more.hidden ? react : more).click();
    }
  });
  react.addEventListener("click", () => onReact(seqOf(), react));
  reply.addEventListener("click", () => onReply(seqOf()));
  more.addEventListener("click", () => onMore(seqOf(), more));
}
