"""What readers and matchers must both know of Japan; pure."""
