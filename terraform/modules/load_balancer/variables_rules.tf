variable "https_listener_rules" {
  description = <<-EOT
    Rules of the HTTPS listener: an action, to forward to target_group_arn, for requests that meet all conditions: of type host-header or path-pattern, each
    with the values of which one has to match (* and ? stand for others). priority is the rule's place, lower is asked first; without it, its place in this list.
  EOT
  type = list(object({
    priority = optional(number)
    action = object({
      type             = optional(string, "forward")
      target_group_arn = string
    })
    conditions = list(object({
      type   = string
      values = list(string)
    }))
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for rule in var.https_listener_rules : rule.action.type == "forward"])
    error_message = "Each action.type in https_listener_rules must be forward."
  }

  validation {
    condition     = alltrue([for rule in var.https_listener_rules : can(regex("^arn:[a-z-]+:elasticloadbalancing:[^:]+:[0-9]+:targetgroup/", rule.action.target_group_arn))])
    error_message = "Each action.target_group_arn in https_listener_rules must be the ARN of a target group."
  }

  validation {
    condition = alltrue([
      for rule in var.https_listener_rules : length(rule.conditions) > 0 && length(distinct(rule.conditions[*].type)) == length(rule.conditions) && alltrue([
        for condition in rule.conditions : contains(["host-header", "path-pattern"], condition.type)
      ])
    ])
    error_message = "Every rule in https_listener_rules needs conditions, of type host-header, path-pattern, or one of each."
  }

  validation {
    condition = alltrue([
      for rule in var.https_listener_rules : length(flatten(rule.conditions[*].values)) <= 5 && alltrue([for condition in rule.conditions : length(condition.values) > 0])
    ])
    error_message = "Every condition in https_listener_rules needs values, and the conditions of one rule may have five of them together."
  }

  validation {
    condition = alltrue(flatten([
      for rule in var.https_listener_rules : [
        for condition in rule.conditions : [
          for value in condition.values : can(regex(condition.type == "path-pattern" ? "^[/*][A-Za-z0-9_.$/~\"'@:+*?&-]{0,127}$" : "^[A-Za-z0-9.*?-]{1,128}$", value))
        ]
      ]
    ]))
    error_message = "In https_listener_rules a path-pattern must begin with / (such as /api/*), and a host-header be a host name (such as *.example.com)."
  }

  validation {
    condition = length(distinct([
      for position, rule in var.https_listener_rules : rule.priority == null ? position + 1 : rule.priority
    ])) == length(var.https_listener_rules)
    error_message = "No two https_listener_rules may have the same priority; a rule without one has its place in the list (1 for the first)."
  }

  validation {
    condition     = alltrue([for rule in var.https_listener_rules : try(rule.priority >= 1 && rule.priority <= 50000 && floor(rule.priority) == rule.priority, rule.priority == null)])
    error_message = "Priorities in https_listener_rules must be whole numbers between 1 and 50000."
  }
}
