// What moves by itself on the status page: copying a message, how long a state lasts, and the warning of an old page.
// watchStatus(root, notify, options) begins, and gives back what ends it.
//   notify(milliseconds): the page is that old (0: fine again).
//   options.local: times are rewritten by this browser's clock; options.exported: the page is a file that others write.
function watchStatus(root, notify, options) {
  const spans = [[86400, "day"], [3600, "hour"], [60, "minute"]];
  const span = (seconds) => {
    for (const [unit, name] of spans) {
      const number = Math.floor(seconds / unit);
      if (number) return `${number} ${name}${number === 1 ? "" : "s"}`;
    }
    return "a moment";
  };
  const moment = (at, now) => {
    const clock = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
    const days = Math.round((midnight(now) - midnight(at)) / 86400000);
    if (days === 0) return clock;
    if (days === 1) return `yesterday, ${clock}`;
    if (days > 1 && days < 7) return `${at.toLocaleDateString("en-GB", { weekday: "long" })}, ${clock}`;
    const year = at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
    return at.toLocaleDateString("en-GB", { day: "numeric", month: "long", ...year });
  };
  const set = (element, text) => { if (element.textContent !== text) element.textContent = text; };

  let made = "", seen = Date.now();
  const look = () => {
    const now = new Date();
    for (const element of root.querySelectorAll("[data-lasting]")) {
      set(element, span((now - Date.parse(element.dataset.lasting)) / 1000));
    }
    if (options.local) {
      for (const element of root.querySelectorAll("time[data-at]")) set(element, moment(new Date(element.dateTime), now));
      for (const element of root.querySelectorAll("time[data-clock]")) {
        set(element, new Date(element.dateTime).toLocaleTimeString("en-GB"));
      }
    }
    const foot = root.querySelector("[data-made]");
    const mark = foot ? foot.dataset.made : "";
    if (mark && mark !== made) { made = mark; seen = Date.now(); }
    // A live page is fresh while its mark changes, whatever the two clocks say; a file is as old as it says.
    const age = options.exported && mark ? now - Date.parse(mark) : Date.now() - seen;
    const gone = age > options.limit;
    document.documentElement.classList.toggle("s-gone", gone);
    notify(gone ? age : 0, span);
  };

  const byHand = (button, text) => {
    let area = button.nextElementSibling;
    if (!area) {
      area = document.createElement("textarea");
      area.className = "s-by-hand";
      area.rows = 7;
      area.readOnly = true;
      button.after(area);
    }
    area.value = text;
    area.focus();
    area.select();
    return area;
  };
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Without HTTPS, or where the browser forbids it: the old way.
      const area = document.createElement("textarea");
      area.value = text;
      area.style.position = "fixed";
      area.style.opacity = "0";
      document.body.append(area);
      area.select();
      let done = false;
      try { done = document.execCommand("copy"); } catch { done = false; }
      area.remove();
      return done;
    }
  };
  const click = async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
    if (!button) return;
    const label = button.dataset.label || button.textContent;
    button.dataset.label = label;
    const page = button.dataset.page && location.protocol.startsWith("http") ? `\n${button.dataset.page.trim()} ${location.href}` : "";
    const text = button.dataset.copy + page;
    const done = await copy(text);
    button.setAttribute("aria-live", "polite");
    button.dataset.state = done ? "done" : "failed";
    button.textContent = done ? `✓ ${button.dataset.done}` : button.dataset.failed;
    if (!done) byHand(button, text);
    setTimeout(() => { button.textContent = label; delete button.dataset.state; }, done ? 6000 : 60000);
  };

  root.addEventListener("click", click);
  const timer = setInterval(look, 1000);
  look();
  return () => { clearInterval(timer); document.documentElement.classList.remove("s-gone"); root.removeEventListener("click", click); };
}
