/** Links to sections in a frame that a notebook shows: such a page has no address, and the browser would leave it. */
if (location.protocol === "about:") {
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    const section = link && document.getElementById(link.getAttribute("href").slice(1));
    if (section) {
      event.preventDefault();
      section.scrollIntoView();
    }
  });
}
