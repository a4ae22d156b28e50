mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name_prefix                     = "todo-staging"
  service_name                    = "backend"
  aws_region                      = "us-east-2"
  account_id                      = "123456789012"
  cluster_arn                     = "arn:aws:ecs:us-east-2:123456789012:cluster/todo-staging"
  repository_url                  = "123456789012.dkr.ecr.us-east-2.amazonaws.com/todo/backend"
  repository_arn                  = "arn:aws:ecr:us-east-2:123456789012:repository/todo/backend"
  vpc_id                          = "vpc-0123456789abcdef0"
  subnet_ids                      = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  load_balancer_security_group_id = "sg-0123456789abcdef0"
  listener_arns                   = { https = "arn:aws:elasticloadbalancing:us-east-2:123456789012:listener/app/todo-staging/1/2" }
  listener_priority               = 10
  path_patterns                   = ["/api/*"]
  health_check                    = { path = "/status" }
  lb_container_name               = "backend"
  lb_container_port               = 5000
  containers = [{
    name              = "backend"
    hard_memory_limit = 128
    soft_memory_limit = 64
    port_mappings     = [{ container_port = 5000 }]
  }]
}

run "a_service_without_an_image_waits_at_zero_tasks" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0 && output.desired_count == 2
    error_message = "There is nothing to run before the first deployment, which then scales to desired_count."
  }

  assert {
    condition     = one(aws_ecs_service.this.deployment_circuit_breaker).enable && one(aws_ecs_service.this.deployment_circuit_breaker).rollback
    error_message = "A release that does not become healthy has to be taken back."
  }

  assert {
    condition = alltrue([
      for key, value in {
        image                  = "123456789012.dkr.ecr.us-east-2.amazonaws.com/todo/backend:bootstrap"
        memory                 = 128
        memoryReservation      = 64
        essential              = true
        readonlyRootFilesystem = true
        portMappings           = [{ containerPort = 5000, hostPort = 5000, protocol = "tcp" }]
        environment            = [{ name = "AWS_DEFAULT_REGION", value = "us-east-2" }, { name = "PORT", value = "5000" }]
      } : jsonencode(jsondecode(aws_ecs_task_definition.this.container_definitions)[0][key]) == jsonencode(value)
    ])
    error_message = "The container is not as it was written: ${aws_ecs_task_definition.this.container_definitions}"
  }

  assert {
    condition     = aws_lb_target_group.this.target_type == "ip" && aws_lb_target_group.this.name == "todo-staging-backend-${substr(sha256("todo-staging-backend:5000"), 0, 6)}"
    error_message = "The target group's name tells the port too: ${aws_lb_target_group.this.name}"
  }

  assert {
    condition     = length(aws_appautoscaling_target.this) == 0 && length(aws_appautoscaling_policy.this) == 0
    error_message = "Nothing scales by itself unless it was asked to."
  }
}

run "a_second_container_stands_beside_the_first" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [
      {
        name                      = "backend"
        image                     = "123456789012.dkr.ecr.us-east-2.amazonaws.com/todo/backend@sha256:0000"
        hard_memory_limit         = 128
        soft_memory_limit         = 64
        port_mappings             = [{ container_port = 5000 }]
        environment_variables     = { GREETING = "hello" }
        secrets                   = { SIGNING_KEY = "arn:aws:secretsmanager:us-east-2:123456789012:secret:todo/signing-key-AbCdEf" }
        command                   = ["serve"]
        read_only_root_filesystem = false
      },
      {
        name              = "collector"
        image             = "public.ecr.aws/example/collector:1"
        hard_memory_limit = 64
        soft_memory_limit = 32
        essential         = false
        health_check      = { command = ["CMD", "/healthy"] }
      },
    ]
    further_repository_arns = ["arn:aws:ecr:us-east-2:123456789012:repository/todo/collector"]
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 2 && one(aws_ecs_service.this.load_balancer).container_name == "backend"
    error_message = "With an image the service begins with its tasks, and the load balancer talks to the container it was told."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].secrets == [{ name = "SIGNING_KEY", valueFrom = "arn:aws:secretsmanager:us-east-2:123456789012:secret:todo/signing-key-AbCdEf" }]
    error_message = "A secret is given by reference."
  }

  assert {
    condition     = !can(jsondecode(aws_ecs_task_definition.this.container_definitions)[1].portMappings) && !jsondecode(aws_ecs_task_definition.this.container_definitions)[1].essential
    error_message = "The second container has no port, and the task survives it."
  }
}

run "autoscaling_follows_processor_and_requests" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers               = [{ name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, cpu_units = 256, port_mappings = [{ container_port = 5000 }] }]
    autoscaling              = { min_count = 2, max_count = 6, cpu_percent = 60, requests_per_target = 600 }
    load_balancer_arn_suffix = "app/todo-staging/0123456789abcdef"
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].cpu == 256
    error_message = "What ECS measures the use of has to be set aside."
  }

  assert {
    condition     = aws_appautoscaling_target.this[0].resource_id == "service/todo-staging/backend" && aws_appautoscaling_target.this[0].min_capacity == 2 && aws_appautoscaling_target.this[0].max_capacity == 6
    error_message = "The bounds have to reach the service of that cluster."
  }

  assert {
    condition = { for metric, policy in aws_appautoscaling_policy.this : metric => one(policy.target_tracking_scaling_policy_configuration).target_value } == {
      ECSServiceAverageCPUUtilization = 60
      ALBRequestCountPerTarget        = 600
    }
    error_message = "Each target needs a policy of its own."
  }
}

run "asleep_autoscaling_keeps_to_nothing_and_its_targets_stay" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers  = [{ name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, cpu_units = 256, port_mappings = [{ container_port = 5000 }] }]
    autoscaling = { min_count = 2, max_count = 6, cpu_percent = 60 }
    asleep      = true
  }

  assert {
    condition     = aws_appautoscaling_target.this[0].min_capacity == 0 && aws_appautoscaling_target.this[0].max_capacity == 0 && length(aws_appautoscaling_policy.this) == 1
    error_message = "Autoscaling would start tasks again that were scaled down."
  }
}

run "paths_with_places_of_their_own_get_rules_of_their_own" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    path_patterns   = ["/api/*", "/api/reports/*", "/docs/*"]
    path_priorities = { "/api/reports/*" = 3 }
  }

  assert {
    condition = { for rule in aws_lb_listener_rule.this : rule.priority => toset(flatten([for each in rule.condition : [for path in each.path_pattern : tolist(path.values)]])) } == {
      10 = toset(["/api/*", "/docs/*"])
      3  = toset(["/api/reports/*"])
    }
    error_message = "The path with its own place is asked before the others."
  }
}

run "a_long_name_is_shortened_and_stays_one_of_a_kind" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    name_prefix  = "project-of-20-letter-environment-of-20-le"
    service_name = "service-of-thirty-two-characters"
  }

  assert {
    condition     = length(aws_lb_target_group.this.name) <= 32 && endswith(aws_lb_target_group.this.name, substr(sha256("project-of-20-letter-environment-of-20-le-service-of-thirty-two-characters:5000"), 0, 6))
    error_message = "A target group's name takes 32 characters: ${aws_lb_target_group.this.name}"
  }
}

run "refuses_percentages_that_leave_no_room_to_exchange_a_task" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    desired_count = 1
  }
  expect_failures = [aws_ecs_service.this]
}
