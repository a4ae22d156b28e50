mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name               = "todo"
  subnet_ids         = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  security_group_ids = ["sg-0123456789abcdef0"]
  certificate_arns   = ["arn:aws:acm:us-east-2:123456789012:certificate/11111111-1111-1111-1111-111111111111"]
}

run "http_is_sent_to_https_and_unknown_paths_are_told_so" {
  command = plan
  module {
    source = "./modules/load_balancer"
  }

  assert {
    condition     = aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS" && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301"
    error_message = "Plain HTTP goes nowhere but to HTTPS."
  }

  assert {
    condition     = aws_lb_listener.https.ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06" && aws_lb_listener.https.default_action[0].fixed_response[0].status_code == "404"
    error_message = "The HTTPS listener takes TLS 1.2 and 1.3, and answers 404 where no rule fits."
  }

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && !aws_lb.this.internal && !aws_lb.this.enable_deletion_protection && length(aws_lb.this.access_logs) == 0
    error_message = "A default of the load balancer has changed."
  }
}

run "rules_keep_the_order_of_the_list_or_their_own_priority" {
  command = plan
  module {
    source = "./modules/load_balancer"
  }
  variables {
    internal            = true
    deletion_protection = true
    access_logs         = { bucket = "todo-access-logs", prefix = "todo" }
    certificate_arns = [
      "arn:aws:acm:us-east-2:123456789012:certificate/11111111-1111-1111-1111-111111111111",
      "arn:aws:acm:us-east-2:123456789012:certificate/22222222-2222-2222-2222-222222222222",
    ]
    https_listener_rules = [
      {
        action     = { target_group_arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/first/0123456789abcdef" }
        conditions = [{ type = "path-pattern", values = ["/api/*"] }, { type = "host-header", values = ["*.example.com"] }]
      },
      {
        priority   = 40
        action     = { target_group_arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/second/0123456789abcdef" }
        conditions = [{ type = "host-header", values = ["admin.example.com"] }]
      },
      {
        action     = { target_group_arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/third/0123456789abcdef" }
        conditions = [{ type = "path-pattern", values = ["*"] }]
      },
    ]
  }

  assert {
    condition = { for rule in aws_lb_listener_rule.this : rule.priority => one(rule.action).target_group_arn } == {
      for priority, name in { 1 = "first", 40 = "second", 3 = "third" } : priority => "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/${name}/0123456789abcdef"
    }
    error_message = "A rule has lost its place or its target."
  }

  assert {
    condition = alltrue([
      for rule in aws_lb_listener_rule.this : alltrue([
        flatten([for each in rule.condition : [for path in each.path_pattern : tolist(path.values)]]) == ["/api/*"],
        flatten([for each in rule.condition : [for host in each.host_header : tolist(host.values)]]) == ["*.example.com"],
      ]) if rule.priority == 1
    ])
    error_message = "The first rule needs both its path and its host."
  }

  assert {
    condition     = length(aws_lb_listener_certificate.additional) == 1 && aws_lb.this.internal && aws_lb.this.enable_deletion_protection && one(aws_lb.this.access_logs).bucket == "todo-access-logs"
    error_message = "An option has not reached the load balancer."
  }
}

run "an_http_listener_that_forwards_has_the_same_rules" {
  command = plan
  module {
    source = "./modules/load_balancer"
  }
  variables {
    http_listener_forwards = true
    https_listener_rules = [{
      action     = { target_group_arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/first/0123456789abcdef" }
      conditions = [{ type = "path-pattern", values = ["/api/*"] }]
    }]
  }

  assert {
    condition     = length(aws_lb_listener_rule.this) == 2 && length(aws_lb_listener.http.default_action[0].redirect) == 0
    error_message = "Behind an emulator's CloudFront plain HTTP has to reach the same targets."
  }
}

run "refuses_wrong_values" {
  command = plan
  module {
    source = "./modules/load_balancer"
  }
  variables {
    name                 = "a-name-of-more-than-32-characters"
    subnet_ids           = ["subnet-0123456789abcdef0"]
    security_group_ids   = []
    certificate_arns     = []
    ssl_policy           = "ELBSecurityPolicy-2016-08"
    idle_timeout_seconds = 0
    access_logs          = { bucket = "Not_A_Bucket" }
    https_listener_rules = [{
      action     = { type = "redirect", target_group_arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/first/0123456789abcdef" }
      conditions = [{ type = "path-pattern", values = ["/api/*"] }]
    }]
  }
  expect_failures = [
    var.name, var.subnet_ids, var.security_group_ids, var.certificate_arns, var.ssl_policy, var.idle_timeout_seconds,
    var.access_logs, var.https_listener_rules,
  ]
}

run "refuses_a_target_that_is_none_and_a_folder_of_awss_own" {
  command = plan
  module {
    source = "./modules/load_balancer"
  }
  variables {
    access_logs = { bucket = "todo-access-logs", prefix = "AWSLogs" }
    https_listener_rules = [{
      action     = { target_group_arn = "backend" }
      conditions = [{ type = "path-pattern", values = ["/api/*"] }]
    }]
  }
  expect_failures = [var.access_logs, var.https_listener_rules]
}

run "refuses_a_rule_for_every_request" {
  command = plan
  module {
    source = "./modules/load_balancer"
  }
  variables {
    https_listener_rules = [{
      action     = { target_group_arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/first/0123456789abcdef" }
      conditions = []
    }]
  }
  expect_failures = [var.https_listener_rules]
}

run "refuses_a_condition_without_values" {
  command = plan
  module {
    source = "./modules/load_balancer"
  }
  variables {
    https_listener_rules = [{
      action     = { target_group_arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/first/0123456789abcdef" }
      conditions = [{ type = "path-pattern", values = [] }]
    }]
  }
  expect_failures = [var.https_listener_rules]
}

run "refuses_a_path_without_a_slash" {
  command = plan
  module {
    source = "./modules/load_balancer"
  }
  variables {
    https_listener_rules = [{
      action     = { target_group_arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/first/0123456789abcdef" }
      conditions = [{ type = "path-pattern", values = ["api"] }]
    }]
  }
  expect_failures = [var.https_listener_rules]
}

run "refuses_two_rules_in_one_place" {
  command = plan
  module {
    source = "./modules/load_balancer"
  }
  variables {
    https_listener_rules = [
      for priority in [2, null] : {
        priority   = priority
        action     = { target_group_arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/first/0123456789abcdef" }
        conditions = [{ type = "path-pattern", values = ["/api/*"] }]
      }
    ]
  }
  expect_failures = [var.https_listener_rules]
}

run "refuses_a_priority_past_the_last" {
  command = plan
  module {
    source = "./modules/load_balancer"
  }
  variables {
    https_listener_rules = [{
      priority   = 50001
      action     = { target_group_arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/first/0123456789abcdef" }
      conditions = [{ type = "path-pattern", values = ["/api/*"] }]
    }]
  }
  expect_failures = [var.https_listener_rules]
}
